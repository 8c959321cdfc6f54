//! How a publisher is set up.

use std::sync::Arc;
use std::time::Duration;

use super::{Core, Publisher};
use crate::settings::Settings;
use crate::store::StoreUrl;
use crate::{Error, Reader, job};

/// Builds a [`Publisher`].
///
/// ```
/// use std::time::Duration;
///
/// let publisher = stream_events::Publisher::builder()
///     .url("memory:")
///     .prefix("tenant_a:job_events")
///     .retention_after_end(Duration::from_secs(3600))
///     .connect()?;
/// # Ok::<(), stream_events::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
#[must_use = "call `.connect()` to finish"]
pub struct Builder {
    url: Option<StoreUrl>,
    settings: Settings,
}

impl Builder {
    /// The store's URL; without it the environment's, as for [`Publisher::from_env`].
    pub fn url(mut self, url: impl Into<String>) -> Self {
        self.url = Some(StoreUrl::new(url));
        self
    }

    /// What the keys of all streams begin with, by default
    /// [`DEFAULT_PREFIX`](crate::DEFAULT_PREFIX). The rules are those of a [`JobId`](crate::JobId).
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.settings.prefix = prefix.into();
        self
    }

    /// About how many events a stream keeps, by default
    /// [`DEFAULT_MAX_LEN`](crate::DEFAULT_MAX_LEN); at least 1. The oldest go first, in blocks, so
    /// that a stream may have some more (`XADD … MAXLEN ~`).
    pub fn max_len(mut self, events: u64) -> Self {
        // What the command takes is a signed number.
        self.settings.max_len = events.clamp(1, i64::MAX as u64);
        self
    }

    /// How long a stream is kept after the last event of a run that has not ended, by default
    /// [`DEFAULT_RETENTION_WHILE_RUNNING`](crate::DEFAULT_RETENTION_WHILE_RUNNING); in whole seconds,
    /// at least 1. It is set with a run's first event, and again about every minute in which there
    /// are events: a run that is silent for longer loses its stream.
    pub fn retention_while_running(mut self, time: Duration) -> Self {
        self.settings.retention_while_running = time;
        self
    }

    /// How long a stream is kept after its last run ended, by default
    /// [`DEFAULT_RETENTION_AFTER_END`](crate::DEFAULT_RETENTION_AFTER_END); in whole seconds, at
    /// least 1.
    pub fn retention_after_end(mut self, time: Duration) -> Self {
        self.settings.retention_after_end = time;
        self
    }

    /// Bytes that may wait while the store is away or slow, by default
    /// [`DEFAULT_QUEUE_BYTES`](crate::DEFAULT_QUEUE_BYTES). An event counts with about 512 bytes
    /// beside its fields, an open run with 1 KiB for its end.
    pub fn queue_bytes(mut self, bytes: usize) -> Self {
        self.settings.queue_bytes = bytes;
        self
    }

    /// How long an awaiting `publish_*` waits for the store's acknowledgement, by default
    /// [`DEFAULT_PUBLISH_TIMEOUT`](crate::DEFAULT_PUBLISH_TIMEOUT).
    pub fn publish_timeout(mut self, timeout: Duration) -> Self {
        self.settings.publish_timeout = timeout;
        self
    }

    /// What a publisher has without the thread that would deliver for it.
    #[cfg(test)]
    pub(crate) fn unattended(self) -> Arc<Core> {
        let store = self
            .url
            .unwrap_or_else(StoreUrl::from_env_or_memory)
            .open()
            .unwrap();
        Core::new(store, self.settings).0
    }

    /// Starts the publisher's thread, which connects by itself.
    ///
    /// # Errors
    ///
    /// A URL or a prefix that cannot be used, or no thread to be had. A server that is down is no
    /// error.
    pub fn connect(self) -> Result<Publisher, Error> {
        job::check_prefix(&self.settings.prefix)?;
        let url = self.url.unwrap_or_else(StoreUrl::from_env_or_memory);
        let store = url.open()?;
        let reader = Reader::new(Arc::clone(&store), &self.settings.prefix);
        let (core, worker) = Core::new(store, self.settings);
        worker.spawn()?;
        let open = Arc::default();
        Ok(Publisher { core, open, reader })
    }
}
