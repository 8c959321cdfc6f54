//! A program in which `tracing` is compiled out, in an old edition: says which events jobs left.

use std::future::Future;
use std::io;

use stream_events::{Publisher, job_events, progress, progress_span, publish};
use stream_events_tracing::ProgressSpan;
use tracing_subscriber::prelude::*;

#[job_events(task_type = "t", ret)]
async fn works(job_id: &str) -> usize {
    progress!("at work");
    let phase = progress_span!("a phase", total = 1);
    phase.inc(1);
    publish!("row", of = job_id);
    job_id.len()
}

#[job_events(task_type = "t", fields(by = %job_id), ret(max = "1 KiB"))]
fn calls(job_id: &str) -> Result<usize, String> {
    progress!("calling {job_id}", percent = 50, by = ?job_id);
    publish!("row", of = job_id);
    Ok(job_id.len())
}

#[job_events(
    task_type = "t",
    attempt = 1,
    max_attempts = 2,
    timeout = "1m",
    heartbeat = "30s",
    err(chain)
)]
fn makes(job_id: &'static str) -> impl Future<Output = io::Result<usize>> {
    async move {
        publish!("row", of = job_id);
        Ok(job_id.len())
    }
}

fn main() {
    let layer = stream_events_tracing::layer();
    tracing_subscriber::registry().with(layer).init();
    let installed = Publisher::connect("memory:").expect("a store").install();
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.expect("a runtime").block_on(async {
        assert_eq!(works("job_001").await, 7);
        assert_eq!(calls("job_002"), Ok(7));
        assert_eq!(makes("job_003").await.expect("in time"), 7);
        let publisher = installed.publisher();
        let report = publisher.flush(std::time::Duration::from_secs(30)).await;
        assert!(report.complete, "{report}");
        for job in ["job_001", "job_002", "job_003"].iter() {
            let mut events = publisher.reader().history(*job).expect("a job's id");
            while let Some(event) = events.next().await {
                println!("{}", event.expect("an event").event_type());
            }
        }
    });
}
