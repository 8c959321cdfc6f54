//! A program in which `tracing` is compiled out: says which events a job left.

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

fn main() {
    let layer = stream_events_tracing::layer();
    tracing_subscriber::registry().with(layer).init();
    let installed = Publisher::connect("memory:").expect("a store").install();
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.expect("a runtime").block_on(async {
        assert_eq!(works("job_001").await, 7);
        let publisher = installed.publisher();
        let report = publisher.flush(std::time::Duration::from_secs(30)).await;
        assert!(report.complete, "{report}");
        let mut events = publisher.reader().history("job_001").expect("a job's id");
        while let Some(event) = events.next().await {
            println!("{}", event.expect("an event").event_type());
        }
    });
}
