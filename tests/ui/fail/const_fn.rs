#[stream_events::job_events(task_type = "resize")]
const fn resize(job_id: u32) -> u32 {
    job_id
}

fn main() {
    resize(1);
}
