#![allow(unused_variables)]

#[stream_events::job_events(task_type = "resize")]
fn resize(job_id: &str) {}

fn main() {
    resize("a");
}
