#![allow(unused_variables)]

#[stream_events::job_events(task_type = "resize", fields(widht, %other))]
async fn resize(job_id: &str, width: u32) {}

fn main() {
    drop(resize("a", 1));
}
