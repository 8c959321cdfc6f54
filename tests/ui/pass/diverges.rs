//! Bodies that never end, under the strictest lints.
#![deny(warnings, clippy::all, clippy::pedantic, clippy::nursery)]
use stream_events::job_events;

#[job_events(task_type = "forever")]
async fn forever(job_id: &str) -> Result<(), String> {
    let _ = job_id;
    loop {
        std::future::ready(()).await;
    }
}

#[job_events(task_type = "later")]
async fn later(job_id: &str) -> u32 {
    let _ = job_id;
    unimplemented!()
}

#[job_events(task_type = "never", job_id = new)]
async fn never() -> std::convert::Infallible {
    panic!("at once")
}

#[job_events(task_type = "never_type")]
async fn never_type(job_id: &str) -> ! {
    panic!("{job_id}")
}

#[test]
fn main() {
    drop(forever("a"));
    drop(later("a"));
    drop(never());
    drop(never_type("a"));
}
