//! A publisher that soon says what it waits for, and what its jobs have on their streams then.

use std::time::Duration;

use stream_events::{Builder, Fields, Job, Publisher};
use support::{TestRedis, seqs};

/// The longest rest of what waits for someone to mend something, and more.
pub(crate) const IN_TIME: Duration = Duration::from_secs(90);
/// For a refusal to be seen.
pub(crate) const SHORT: Duration = Duration::from_secs(3);

pub(crate) fn emit_rows(job: &Job, rows: u64) {
    (0..rows).for_each(|n| job.emit("row", Fields::new().field("n", &n)));
}

pub(crate) fn impatient(url: String) -> Builder {
    Publisher::builder().url(url).publish_timeout(SHORT)
}

pub(crate) async fn flushed(publisher: &Publisher) {
    let report = publisher.flush(IN_TIME).await;
    assert!(report.complete, "{report}");
    assert_eq!(report.stats.dropped.total(), 0, "{report}");
}

/// Asks for one event of a job of its own, which has to be refused in these words.
pub(crate) async fn refused(publisher: &Publisher, job: &str, words: &str) {
    let published = publisher.publish_task_started(job, "t", &()).await;
    let error = published.unwrap_err().to_string();
    assert!(error.contains(words), "{words}: {error}");
}

pub(crate) fn holds(redis: &TestRedis, job: &str, events: u64) {
    let entries = redis.entries(&format!("job_events:{job}"));
    assert_eq!(seqs(&entries), (0..events).collect::<Vec<_>>(), "{job}");
}
