#![allow(unused_variables)]

use stream_events::job_events;

#[job_events(task_type = "resize", fields(by = requester + 1), job_id = requester)]
async fn resize(#[cfg(any())] requester: u32) {}

fn main() {
    drop(resize());
}
