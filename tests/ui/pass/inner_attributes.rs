//! Inner attributes and inner docs at the head of the body stay there.
#![deny(warnings)]
use stream_events::job_events;

#[job_events(task_type = "lenient")]
async fn lenient(job_id: &str) -> u32 {
    #![allow(unused_variables, non_snake_case)]
    let Unused = job_id;
    3
}

#[test]
fn main() {
    drop(lenient("a"));
}
