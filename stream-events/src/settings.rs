//! What can be set of a publisher, and what it is if nothing is.

use std::time::Duration;

/// What the keys of all streams begin with.
pub const DEFAULT_PREFIX: &str = "job_events";
/// About how many events a stream keeps; the oldest go first.
pub const DEFAULT_MAX_LEN: u64 = 10_000;
/// How long a stream is kept after the last event of a run that has not ended.
pub const DEFAULT_RETENTION_WHILE_RUNNING: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// How long a stream is kept after its last run ended.
pub const DEFAULT_RETENTION_AFTER_END: Duration = Duration::from_secs(24 * 60 * 60);
/// Bytes that may wait.
pub const DEFAULT_QUEUE_BYTES: usize = 64 * 1024 * 1024;
/// How long an awaiting `publish_*` waits for the store's acknowledgement.
pub const DEFAULT_PUBLISH_TIMEOUT: Duration = Duration::from_secs(10);

/// Set by a [`Builder`](crate::Builder), which documents each.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) prefix: String,
    pub(crate) max_len: u64,
    pub(crate) retention_while_running: Duration,
    pub(crate) retention_after_end: Duration,
    pub(crate) queue_bytes: usize,
    pub(crate) publish_timeout: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            prefix: DEFAULT_PREFIX.to_owned(),
            max_len: DEFAULT_MAX_LEN,
            retention_while_running: DEFAULT_RETENTION_WHILE_RUNNING,
            retention_after_end: DEFAULT_RETENTION_AFTER_END,
            queue_bytes: DEFAULT_QUEUE_BYTES,
            publish_timeout: DEFAULT_PUBLISH_TIMEOUT,
        }
    }
}

/// How often a stream that goes on is told again how long it is kept: rarely enough to cost nothing,
/// where with every event it would cost a third of the rate.
const EXPIRY_RENEWED: Duration = Duration::from_secs(60);

impl Settings {
    /// As often, or more often where streams are kept for less.
    pub(crate) fn expiry_renewed(&self) -> Duration {
        let kept = self.retention_while_running.min(self.retention_after_end);
        EXPIRY_RENEWED.min(kept / 2)
    }
}
