//! A publisher that soon says what it waits for.

use std::time::Duration;

use stream_events::{Builder, Publisher};

/// The longest rest of what waits for someone to mend something, and more.
pub(crate) const IN_TIME: Duration = Duration::from_secs(90);
/// For a refusal to be seen.
pub(crate) const SHORT: Duration = Duration::from_secs(3);

pub(crate) fn impatient(url: String) -> Builder {
    Publisher::builder().url(url).publish_timeout(SHORT)
}

/// Asks for one event of a job of its own, which has to be refused in these words.
pub(crate) async fn refused(publisher: &Publisher, job: &str, words: &str) {
    let published = publisher.publish_task_started(job, "t", &()).await;
    let error = published.unwrap_err().to_string();
    assert!(error.contains(words), "{words}: {error}");
}
