//! `ret(max = ..)` takes a size with its unit, up to what an event can hold.
use stream_events::job_events;

#[job_events(task_type = "a", ret(max = "512 B"))]
async fn bytes(job_id: &str) -> Result<String, String> {
    Ok(job_id.to_owned())
}

#[job_events(task_type = "a", ret(max = "256KiB"), err(Debug))]
async fn all_that_fits(job_id: &str) -> Option<u8> {
    job_id.parse().ok()
}

#[job_events(task_type = "a", ret(max = "16 KiB"))]
async fn opaque(job_id: &str) -> impl serde::Serialize {
    job_id.len()
}

#[test]
fn main() {
    drop((bytes("a"), all_that_fits("a"), opaque("a")));
}
