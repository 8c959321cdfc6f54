struct Failure;

#[stream_events::job_events(task_type = "resize")]
async fn resize(job_id: &str) -> Result<u32, Failure> {
    Ok(3)
}

#[stream_events::job_events(task_type = "shrink", err(Debug))]
async fn shrink(job_id: &str) -> Result<u32, Failure> {
    Ok(3)
}

fn main() {
    drop((resize("a"), shrink("a")));
}
