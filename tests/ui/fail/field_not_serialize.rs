#![allow(unused_variables)]

struct Options;

#[stream_events::job_events(task_type = "resize", fields(options, shown = %options, ?second))]
async fn resize(job_id: &str, options: Options, second: Options) {}

fn main() {
    drop(resize("a", Options, Options));
}
