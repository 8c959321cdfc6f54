//! `extern "C"` functions.
#![deny(warnings)]
use stream_events::job_events;

#[job_events(task_type = "called_from_c")]
extern "C" fn called_from_c(job_id: u32) -> u32 {
    job_id + 1
}

#[job_events(task_type = "other", job_id = new)]
pub(crate) extern "system" fn other() {}

#[test]
fn main() {
    let callback: extern "C" fn(u32) -> u32 = called_from_c;
    assert_eq!(callback(1), 2);
    other();
}
