//! How often a progress event of a job allocates on its caller's thread, once everything is warm.
#![allow(clippy::unwrap_used)]

use stream_events::{Publisher, job_events, progress};
use tracing_subscriber::prelude::*;

const EVENTS: u64 = 10_000;
/// Before the first that is measured.
const WARM: u64 = 10_000;
/// So many at a time, that none is coalesced.
const BURST: u64 = 100;

fn main() {
    let layer = stream_events_tracing::layer();
    tracing_subscriber::registry().with(layer).init();
    let installed = Publisher::connect("memory:").unwrap().install();
    let publisher = installed.publisher();
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let counted = runtime
        .enable_all()
        .build()
        .unwrap()
        .block_on(job("job_001", publisher));
    let [allocations, bytes] = counted.map(|count| count as f64 / EVENTS as f64);
    // As the pipeline reads it.
    println!("measured allocations {allocations}");
    println!("measured bytes {bytes}");
}

#[job_events(task_type = "bench")]
async fn job(job_id: &str, publisher: &Publisher) -> [u64; 2] {
    says(WARM, publisher).await;
    says(EVENTS, publisher).await
}

async fn says(events: u64, publisher: &Publisher) -> [u64; 2] {
    let mut counted = [0; 2];
    for burst in 0..events / BURST {
        let info = allocation_counter::measure(|| {
            for n in 0..BURST {
                progress!("reading page {n}", current = burst, total = events);
            }
        });
        counted[0] += info.count_total;
        counted[1] += info.bytes_total;
        while publisher.stats().pending > 0 {
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
    }
    counted
}
