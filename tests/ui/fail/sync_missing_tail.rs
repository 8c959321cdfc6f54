#![allow(unused_variables)]

#[stream_events::job_events(task_type = "resize")]
fn resize(job_id: &str) -> Result<u32, String> {
    drop(job_id);
}

fn main() {
    drop(resize("a"));
}
