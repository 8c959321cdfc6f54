#![allow(unused_variables)]

struct Id;

#[stream_events::job_events(task_type = "by_argument")]
async fn by_argument(job_id: Id) {}

#[stream_events::job_events(task_type = "by_expression", job_id = (id, 1))]
async fn by_expression(id: u32) {}

fn main() {
    drop(by_argument(Id));
    drop(by_expression(1));
}
