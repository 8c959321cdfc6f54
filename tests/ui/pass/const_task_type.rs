//! The task type as a constant.
use stream_events::job_events;

mod tasks {
    pub(super) const RESIZE: &str = "resize";
}

struct Worker;

impl Worker {
    const TASK: &'static str = "work";

    #[job_events(task_type = Self::TASK, job_id = new)]
    async fn work(&self) {}
}

#[job_events(job_id = new, task_type = tasks::RESIZE)]
async fn resize() {}

#[test]
fn main() {
    drop(resize());
    drop(Worker.work());
}
