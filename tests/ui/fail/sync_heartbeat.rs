#![allow(unused_variables)]

use stream_events::job_events;

#[job_events(task_type = "resize", heartbeat = "30s")]
fn resize(job_id: &str) {}

fn main() {
    resize("a");
}
