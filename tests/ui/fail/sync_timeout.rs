#![allow(unused_variables)]

use std::io;

use stream_events::job_events;

#[job_events(task_type = "resize", timeout = "10m")]
fn resize(job_id: &str) -> io::Result<u32> {
    Ok(3)
}

#[job_events(task_type = "serve", timeout = "10m")]
fn serve(job_id: &str) -> ! {
    loop {}
}

fn main() {
    let _ = resize("a");
    serve("a");
}
