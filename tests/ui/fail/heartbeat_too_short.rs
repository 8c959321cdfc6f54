#![allow(unused_variables)]

use stream_events::job_events;

#[job_events(task_type = "resize", heartbeat = "50ms")]
async fn resize(job_id: &str) {}

fn main() {
    drop(resize("a"));
}
