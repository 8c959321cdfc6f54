#![allow(unused_variables)]

use stream_events::job_events;

#[job_events(task_type = "resize", parent = order)]
async fn resize(job_id: &str, order: Vec<u32>) {}

fn main() {
    drop(resize("a", vec![1]));
}
