#![allow(unused_variables)]

use stream_events::job_events;

#[job_events(task_type = "resize", timeout = "10m")]
async fn resize(job_id: &str) -> Option<u32> {
    Some(3)
}

#[job_events(task_type = "resize", timeout = "10m")]
async fn nothing(job_id: &str) {}

fn main() {
    drop((resize("a"), nothing("a")));
}
