#![allow(unused_variables)]

#[stream_events::job_events(task_type = "resize")]
fn resize(job_id: &str) -> Result<u32, String> {
    if job_id.is_empty() {
        return Err(7);
    }
    Ok(3)
}

fn main() {
    drop(resize("a"));
}
