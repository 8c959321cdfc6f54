//! The job that is measured, and what it says.

use std::future::Future;
use std::time::Duration;

use stream_events::{Installed, Publisher, job_events, progress};
use tokio::runtime::{Builder, Runtime};
use tracing_subscriber::prelude::*;

use crate::server::Server;

pub(crate) const TOTAL: u64 = 1_000_000;
/// Producers give way while more than this is pending. It is less than half of the queue, whatever
/// events count with there: none is coalesced.
const PENDING: u64 = 20_000;
const LATE: Duration = Duration::from_secs(60);

/// Does this work as a job of this id.
#[job_events(task_type = "bench")]
pub(crate) async fn at_work<F: Future>(job_id: &str, work: F) -> F::Output {
    work.await
}

/// What is measured wherever nothing else is said: a message and two fields.
pub(crate) fn say(n: u64) {
    progress!("reading page {n}", current = n, total = TOTAL);
}

/// Everything as a service sets it up, with the defaults that are shipped.
pub(crate) fn install(url: &str) -> Installed {
    let layer = stream_events_tracing::layer();
    tracing_subscriber::registry().with(layer).init();
    let installed = Publisher::connect(url).unwrap().install();
    // Connected, and its threads are there.
    at_rest(&runtime(), async {
        at_work("job_before", async { say(0) }).await;
        flush(installed.publisher()).await;
    });
    installed
}

/// One that has this thread alone.
pub(crate) fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

fn at_rest(runtime: &Runtime, work: impl Future) {
    runtime.block_on(work);
}

/// Until all is acknowledged.
pub(crate) async fn flush(publisher: &Publisher) {
    let report = publisher.flush(LATE).await;
    assert!(report.complete, "{report}");
}

/// Until nothing is pending, without having the worker do anything else.
pub(crate) async fn settle(publisher: &Publisher) {
    while publisher.stats().pending > 0 {
        tokio::time::sleep(TICK).await;
    }
}

/// Lets others go first while the queue is over half full.
pub(crate) async fn give_way(publisher: &Publisher) {
    tokio::task::yield_now().await;
    while publisher.stats().pending > PENDING {
        tokio::time::sleep(TICK).await;
    }
}

const TICK: Duration = Duration::from_millis(1);

/// The values of one event's fields, for those who send the same.
pub(crate) struct Payload {
    pub(crate) data: String,
    pub(crate) timestamp: String,
}

/// What the job's events have on the wire.
pub(crate) fn payload(server: &Server, job: &str) -> Payload {
    let entries = server.entries(&format!("job_events:{job}"));
    let is_progress = |data: &&support::RawEntry| data.field("event_type") == "task_progress";
    let entry = entries.iter().rev().find(is_progress).unwrap();
    Payload {
        data: entry.field("data").to_owned(),
        timestamp: entry.field("timestamp").to_owned(),
    }
}
