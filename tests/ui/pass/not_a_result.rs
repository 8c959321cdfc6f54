//! What is no `Result` completes, whatever it is.
use stream_events::job_events;

struct Opaque;

#[job_events(task_type = "option", ret)]
async fn option(job_id: &str) -> Option<u32> {
    job_id.parse().ok()
}

#[job_events(task_type = "opaque")]
async fn opaque(job_id: &str) -> Opaque {
    let _ = job_id;
    Opaque
}

#[job_events(task_type = "nested", ret, err(Debug))]
async fn nested(job_id: &str) -> (Result<u32, u8>, String) {
    (Ok(1), job_id.to_owned())
}

#[test]
fn main() {
    drop((option("1"), opaque("1"), nested("1")));
}
