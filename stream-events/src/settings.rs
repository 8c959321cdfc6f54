//! What can be set of a publisher, and what it is if nothing is.

use std::path::PathBuf;
use std::time::Duration;

use crate::scrub::Scrub;

/// What the keys of all streams begin with.
pub const DEFAULT_PREFIX: &str = "job_events";
/// About how many events a stream keeps; the oldest go first.
pub const DEFAULT_MAX_LEN: u64 = 10_000;
/// About how many lifecycle events of all jobs the feed keeps; the oldest go first.
pub const DEFAULT_FEED_LEN: u64 = 20_000;
/// How long a stream is kept after the last event of a run that has not ended.
pub const DEFAULT_RETENTION_WHILE_RUNNING: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// How long a stream is kept after its last run ended.
pub const DEFAULT_RETENTION_AFTER_END: Duration = Duration::from_secs(24 * 60 * 60);
/// Bytes that may wait.
pub const DEFAULT_QUEUE_BYTES: usize = 64 * 1024 * 1024;
/// How long an awaiting `publish_*` waits for the store's acknowledgement.
pub const DEFAULT_PUBLISH_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a run is taken to be at work after the last sign of its process.
pub const DEFAULT_LEASE: Duration = Duration::from_secs(30);
/// How long a lease that has run out has to stand still before its run is declared lost.
pub const DEFAULT_GRACE: Duration = Duration::from_secs(20);

/// Bytes of acknowledged events that are kept in case the store loses them.
pub const DEFAULT_REPLAY_BYTES: usize = 8 * 1024 * 1024;

/// What has to become of a run's end before it counts as delivered, beyond that the store has
/// acknowledged it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Durability {
    /// The server has it on its disk: [WAITAOF](https://redis.io/docs/latest/commands/waitaof/),
    /// from Redis 7.2 and Valkey on, where `appendonly` is on.
    Fsynced,
    /// So many replicas have it in their memory:
    /// [WAIT](https://redis.io/docs/latest/commands/wait/).
    Replicated(u32),
}

/// Set by a [`Builder`](crate::Builder), which documents each.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) prefix: String,
    pub(crate) max_len: u64,
    pub(crate) feed_len: u64,
    pub(crate) retention_while_running: Duration,
    pub(crate) retention_after_end: Duration,
    pub(crate) queue_bytes: usize,
    pub(crate) publish_timeout: Duration,
    pub(crate) delivery_timeout: Option<Duration>,
    pub(crate) replay_bytes: usize,
    pub(crate) durability: Option<Durability>,
    pub(crate) lease: Duration,
    #[cfg_attr(not(feature = "spool"), expect(dead_code, reason = "there is none"))]
    pub(crate) spool: Option<PathBuf>,
    pub(crate) scrub: Scrub,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            prefix: DEFAULT_PREFIX.to_owned(),
            max_len: DEFAULT_MAX_LEN,
            feed_len: DEFAULT_FEED_LEN,
            retention_while_running: DEFAULT_RETENTION_WHILE_RUNNING,
            retention_after_end: DEFAULT_RETENTION_AFTER_END,
            queue_bytes: DEFAULT_QUEUE_BYTES,
            publish_timeout: DEFAULT_PUBLISH_TIMEOUT,
            delivery_timeout: None,
            replay_bytes: DEFAULT_REPLAY_BYTES,
            durability: None,
            lease: DEFAULT_LEASE,
            spool: None,
            scrub: Scrub::default(),
        }
    }
}

/// How often a stream that goes on is told again how long it is kept: rarely enough to cost nothing,
/// where with every event it would cost a third of the rate.
const EXPIRY_RENEWED: Duration = Duration::from_secs(60);

impl Settings {
    /// How long a stream is kept from a run's last event on, or from any other.
    pub(crate) fn retention(&self, has_ended: bool) -> Duration {
        if has_ended {
            self.retention_after_end
        } else {
            self.retention_while_running
        }
    }

    /// As often, or more often where streams are kept for less.
    pub(crate) fn expiry_renewed(&self) -> Duration {
        let kept = self.retention_while_running.min(self.retention_after_end);
        EXPIRY_RENEWED.min(kept / 2)
    }
}
