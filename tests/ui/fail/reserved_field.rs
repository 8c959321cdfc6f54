#![allow(unused_variables)]

#[stream_events::job_events(task_type = "resize", fields(seq, error = 3, width, width))]
async fn resize(job_id: &str, seq: u32, width: u32) {}

fn main() {
    drop(resize("a", 1, 1));
}
