#![allow(unused_variables)]

trait Resize {
    #[stream_events::job_events(task_type = "resize")]
    async fn resize(&self, job_id: &str);
}

fn main() {}
