#![allow(unused_variables)]

#[stream_events::job_events(task_type = "resize")]
fn resize(job_id: &str) -> Result<String, String> {
    let width: u32 = "wide";
    Ok(3)
}

fn main() {
    drop(resize("a"));
}
