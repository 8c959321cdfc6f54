//! The rows that a job emits, and whether each of them is on its stream.
#![allow(dead_code, reason = "each file uses a part of it")]

use std::time::{Duration, Instant};

use stream_events::{Fields, Job, Publisher};
use support::{TestRedis, TestSentinel, seqs, wait_until};

/// The longest rest of what waits for someone to mend something, and more.
const IN_TIME: Duration = Duration::from_secs(90);

/// Emits rows one by one, as fast as it can, and says how long the slowest took.
pub(crate) fn emit_rows(job: &Job, rows: u64) -> Duration {
    let emit = |n| {
        let before = Instant::now();
        job.emit("row", Fields::new().field("n", &n));
        before.elapsed()
    };
    (0..rows).map(emit).max().unwrap_or_default()
}

/// All is delivered, and nothing was dropped.
pub(crate) async fn flushed(publisher: &Publisher) {
    let report = publisher.flush(IN_TIME).await;
    assert!(report.complete, "{report}");
    assert_eq!(report.stats.dropped.total(), 0, "{report}");
}

/// So many rows of it are delivered.
pub(crate) async fn acknowledged(publisher: &Publisher, job: &Job, rows: u64) {
    emit_rows(job, rows);
    flushed(publisher).await;
}

/// A job without rows.
pub(crate) async fn runs(publisher: &Publisher, job: &str) {
    publisher.job(job, "t").unwrap().completed(&());
    flushed(publisher).await;
}

/// So many events are on the job's stream, each once, in their order.
pub(crate) fn holds(redis: &TestRedis, job: &str, events: u64) {
    let entries = redis.entries(&format!("job_events:{job}"));
    assert_eq!(seqs(&entries), (0..events).collect::<Vec<_>>(), "{job}");
}

/// The same of the master, whichever that is: on a busy machine, one that answers late is relieved by another, too,
/// and what that lacks is sent again.
pub(crate) fn master_holds(redis: &TestSentinel, job: &str, events: u64) {
    wait_until("the master has all of it", || {
        let entries = redis
            .server(redis.master())
            .entries(&format!("job_events:{job}"));
        seqs(&entries) == (0..events).collect::<Vec<_>>()
    });
}
