#![allow(unused_variables)]

use stream_events::job_events;

#[job_events(task_type = "resize", ret(max = "1024 KiB"))]
async fn too_large(job_id: &str) {}

#[job_events(task_type = "resize", ret(max = "0 B"))]
async fn nothing(job_id: &str) {}

fn main() {
    drop((too_large("a"), nothing("a")));
}
