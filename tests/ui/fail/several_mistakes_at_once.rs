#![allow(unused_variables)]

#[stream_events::job_events("resize", job_id = , fields(a + 1, seq = 2), err(Clone), colour)]
const fn resize(job_id: &str) {}

fn main() {
    resize("a");
}
