#![allow(unused_variables)]

use stream_events::job_events;

#[job_events(task_type = "resize", ret(max = "16"))]
async fn no_unit(job_id: &str) {}

#[job_events(task_type = "resize", ret(max = 16))]
async fn no_text(job_id: &str) {}

#[job_events(task_type = "resize", ret(Display))]
async fn no_max(job_id: &str) {}

fn main() {
    drop((no_unit("a"), no_text("a"), no_max("a")));
}
