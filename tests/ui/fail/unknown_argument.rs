#![allow(unused_variables)]

#[stream_events::job_events(taks_type = "resize", task_type = "resize", deadline = "10m")]
async fn resize(job_id: &str) {}

fn main() {
    drop(resize("a"));
}
