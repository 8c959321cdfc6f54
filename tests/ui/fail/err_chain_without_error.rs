#![allow(unused_variables)]

use stream_events::job_events;

#[job_events(task_type = "resize", err(chain))]
async fn resize(job_id: &str) -> Result<u32, String> {
    Ok(3)
}

fn main() {
    drop(resize("a"));
}
