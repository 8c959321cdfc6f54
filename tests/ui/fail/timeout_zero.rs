#![allow(unused_variables)]

use std::io;

use stream_events::job_events;

#[job_events(task_type = "resize", timeout = "0s")]
async fn resize(job_id: &str) -> io::Result<()> {
    Ok(())
}

fn main() {
    drop(resize("a"));
}
