#![allow(unused_variables)]

#[stream_events::job_events]
async fn resize(job_id: &str) {}

fn main() {
    drop(resize("a"));
}
