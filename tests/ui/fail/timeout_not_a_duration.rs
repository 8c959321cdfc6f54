#![allow(unused_variables)]

use std::io;

use stream_events::job_events;

#[job_events(task_type = "resize", timeout = 600)]
async fn no_unit(job_id: &str) -> io::Result<()> {
    Ok(())
}

#[job_events(task_type = "resize", timeout = "10 minutes")]
async fn no_such_unit(job_id: &str) -> io::Result<()> {
    Ok(())
}

#[job_events(task_type = "resize", timeout = seconds)]
async fn no_duration(job_id: &str, seconds: u64) -> io::Result<()> {
    Ok(())
}

fn main() {
    drop((no_unit("a"), no_such_unit("a"), no_duration("a", 3)));
}
