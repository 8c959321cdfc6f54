#![allow(unused_variables)]

#[stream_events::job_events(task_type = "")]
async fn resize(job_id: &str) {}

fn main() {
    drop(resize("a"));
}
