//! `impl Trait` as an argument, inside of the return type and as all of it.
use std::fmt::{Debug, Display};
use stream_events::job_events;

#[job_events(task_type = "within")]
async fn within(job_id: impl Display) -> Result<impl Iterator<Item = u32> + Debug, String> {
    let _ = job_id;
    if false {
        return Err("never".to_owned());
    }
    Ok(0..3)
}

#[job_events(task_type = "pair")]
async fn pair(job_id: u8) -> (impl Display, Box<impl Debug>) {
    (job_id, Box::new("x"))
}

#[job_events(task_type = "whole")]
async fn whole(job_id: u8) -> impl Display {
    if job_id == 0 {
        return "zero".to_owned();
    }
    "one".to_owned()
}

#[test]
fn main() {
    drop((within(1), pair(1), whole(1)));
}
