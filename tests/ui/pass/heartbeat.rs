//! `heartbeat` takes what `timeout` does, of any job that waits, whatever it returns.
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use stream_events::job_events;

#[job_events(task_type = "a", heartbeat = "30s")]
async fn of_a_literal(job_id: &str) {
    let _ = job_id;
}

#[job_events(task_type = "a", heartbeat = every / 2, timeout = every)]
fn of_an_expression(job_id: u8, every: Duration) -> impl Future<Output = std::io::Result<u8>> {
    async move { Ok(job_id) }
}

#[job_events(task_type = "a", heartbeat = "1m", timeout = "10m")]
fn boxed<'a>(
    job_id: &'a str,
) -> Pin<Box<dyn Future<Output = std::io::Result<&'a str>> + Send + 'a>> {
    Box::pin(async move { Ok(job_id) })
}

#[test]
fn main() {
    drop(of_a_literal("a"));
    drop(of_an_expression(1, Duration::from_secs(1)));
    drop(boxed("a"));
}
