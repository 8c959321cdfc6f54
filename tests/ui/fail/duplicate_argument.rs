#![allow(unused_variables)]

#[stream_events::job_events(task_type = "resize", ret, task_type = "shrink")]
async fn resize(job_id: &str) {}

fn main() {
    drop(resize("a"));
}
