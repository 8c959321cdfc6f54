#![allow(unused_variables)]

#[stream_events::job_events(task_type = "resize")]
async fn resize(id: &str, width: u32) {}

fn main() {
    drop(resize("a", 1));
}
