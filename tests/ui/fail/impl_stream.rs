use futures_util::stream::{BoxStream, Stream, empty};

#[stream_events::job_events(task_type = "pages")]
fn pages(job_id: &str) -> impl Stream<Item = String> + Send {
    empty()
}

#[stream_events::job_events(task_type = "later")]
async fn later(job_id: &str) -> impl Stream<Item = String> {
    empty()
}

#[stream_events::job_events(task_type = "boxed")]
fn boxed(job_id: u8) -> BoxStream<'static, String> {
    Box::pin(empty())
}

fn main() {
    drop((pages("a"), later("a"), boxed(1)));
}
