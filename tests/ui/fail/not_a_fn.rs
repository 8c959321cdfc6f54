#![allow(unused_variables)]

#[stream_events::job_events(task_type = "resize")]
struct Resize;

fn main() {
    let _ = Resize;
}
