#![allow(unused_variables)]

use stream_events::job_events;

#[derive(Debug)]
enum ResizeError {
    TooLarge,
}

#[job_events(task_type = "resize", timeout = "10m", err(Debug))]
async fn resize(job_id: &str) -> Result<u32, ResizeError> {
    Err(ResizeError::TooLarge)
}

fn main() {
    drop(resize("a"));
}
