#![allow(unused_variables)]

use stream_events::job_events;

#[job_events(task_type = "resize", max_attempts = 3)]
async fn resize(job_id: &str) {}

fn main() {
    drop(resize("a"));
}
