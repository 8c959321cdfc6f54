//! How a publisher is set up.

use std::sync::Arc;
use std::time::Duration;

use super::{Core, Publisher};
use crate::scrub::Scrub;
use crate::settings::{Durability, Settings};
use crate::store::StoreUrl;
#[cfg(feature = "redis")]
use crate::store::credentials::{Credentials, Provider};
use crate::worker::Worker;
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
    #[cfg(feature = "redis")]
    provider: Option<Provider>,
    settings: Settings,
}

impl Builder {
    /// The store's URL; without it the environment's, as for [`Publisher::from_env`].
    pub fn url(mut self, url: impl Into<String>) -> Self {
        self.url = Some(StoreUrl::new(url));
        self
    }

    /// Who the publisher is to the store, and its [`reader`](Publisher::reader) with it, in place of the
    /// user and password of the URL: asked at each connect, so that both may change while the process runs.
    ///
    /// ```no_run
    /// use stream_events::{Credentials, Publisher};
    ///
    /// let publisher = Publisher::builder()
    ///     .url("rediss://redis.example.org/")
    ///     .credentials(|| async {
    ///         let password = std::fs::read_to_string("/run/secrets/redis")?;
    ///         Ok::<_, std::io::Error>(Credentials::new("publisher", password.trim_end()))
    ///     })
    ///     .connect()?;
    /// # Ok::<(), stream_events::Error>(())
    /// ```
    ///
    /// - It is awaited on the publisher's thread, or on that of a reader: what it does has to be `async`,
    ///   or short. What it logs on the publisher's thread is heard by no subscriber.
    /// - Where it gives none (an error, a panic, nothing within the 5 s that connecting may take), and where
    ///   the store refuses those that it gave, it is asked again after 5 s; events wait meanwhile, as in any
    ///   outage, and who follows a stream waits, too. What the error says is shown, but for what looks like
    ///   a secret.
    /// - A connection that is there is left as it is: Redis keeps it when the password of its user changes.
    /// - `memory:` asks for none.
    #[cfg(feature = "redis")]
    #[cfg_attr(docsrs, doc(cfg(feature = "redis")))]
    pub fn credentials<F, G, E>(mut self, give: F) -> Self
    where
        F: Fn() -> G + Send + Sync + 'static,
        G: Future<Output = Result<Credentials, E>> + Send + 'static,
        E: std::fmt::Display,
    {
        self.provider = Some(Provider::new(give));
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

    /// About how many lifecycle events of all jobs their [`Feed`](crate::Feed) keeps, by default
    /// [`DEFAULT_FEED_LEN`](crate::DEFAULT_FEED_LEN), of some 400 bytes each; 0 has this publisher write
    /// none. The oldest go first, in blocks, and the whole feed goes when none has come for
    /// [`retention_while_running`](Self::retention_while_running).
    ///
    /// - An event is written there once its own stream has it, and so is not there where the process is
    ///   killed between the two, or where connection after connection breaks; and it is there twice where
    ///   a connection broke before that was known. `flush` and `shutdown` wait for it.
    /// - The starts of jobs within a job go to a stream of that job's, too: the last thousand.
    /// - It costs the user of the store the rights to `XADD` and `EXPIRE` on `job_index:feed` and
    ///   `{job_events:…}:children`. Without them events are delivered all the same, and the log says
    ///   once what is not written.
    /// - In a cluster there are 16 of the former, `job_index:feed:{10}` and so on, over the servers;
    ///   each keeps its share of this number, and one whose server is away is told later.
    pub fn feed_len(mut self, events: u64) -> Self {
        self.settings.feed_len = events.min(i64::MAX as u64);
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
    /// beside its fields, an open run with 4 KiB for its end and its first and newest progress.
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

    /// How long an event may wait for the store, by default as long as it takes: memory is bounded by
    /// [`queue_bytes`](Self::queue_bytes). What is past its time, and known not to be on the stream,
    /// is dropped, counted in [`expired`](crate::Dropped::expired), and a [`Gap`](crate::Gap) to
    /// readers. A run's start and end wait on however long that takes.
    pub fn delivery_timeout(mut self, timeout: Duration) -> Self {
        self.settings.delivery_timeout = Some(timeout);
        self
    }

    /// Bytes of acknowledged events that are kept in memory in case the store loses them, by default
    /// [`DEFAULT_REPLAY_BYTES`](crate::DEFAULT_REPLAY_BYTES); 0 for none. When the store comes back
    /// from a crash or a failover, what it lacks of them is sent again under the same ids; where others
    /// have written to a stream before that, such as a reaper that took the run for lost, above theirs.
    /// Where these come first again and again, it is given up, a [`Gap`](crate::Gap) to readers, and the
    /// log says so. Of what goes beyond these bytes, the ends of the last 1024 runs are kept, in as many
    /// bytes again at most. That a single server was made a replica by hand, and a master again, both while
    /// nothing was asked of it, is not noticed before the next connection. On Redis the publisher needs the right to
    /// [INFO](https://redis.io/docs/latest/commands/info/) for that.
    pub fn replay_bytes(mut self, bytes: usize) -> Self {
        self.settings.replay_bytes = bytes;
        self
    }

    /// What has to become of a run's end before it counts as delivered, beyond that the store has
    /// acknowledged it; by default nothing. `flush`, `shutdown` and the awaiting methods wait for
    /// that, and so do events of another run of the same job. Where the store has no such thing, that
    /// is said in the log at the start, and counted in [`unconfirmed`](crate::Stats::unconfirmed).
    pub fn durability(mut self, level: Durability) -> Self {
        self.settings.durability = Some(level);
        self
    }

    /// How long after the last sign of this process its runs are taken to be at work, by default
    /// [`DEFAULT_LEASE`](crate::DEFAULT_LEASE); at least 100 ms, at most a day. The sign is renewed
    /// each third of that time, and at least every 10 s. A run whose lease has run out is declared
    /// lost by a [`Reaper`](crate::Reaper) or a [`Watch`](crate::Watch), once it has stood still for
    /// their [grace time](crate::Reader::with_grace).
    ///
    /// A run that was declared lost while its process was frozen or cut off finds that out when its
    /// lease is next renewed, and says `task_resumed`.
    ///
    /// It costs the user of the store the rights to `TIME`, and to `ZADD`, `ZREM`, `ZMSCORE`,
    /// `ZREMRANGEBYSCORE` and `EXPIRE` on `job_index:active`. Without them events are delivered all
    /// the same, and the log says that nobody will notice the end of this process.
    pub fn lease(mut self, time: Duration) -> Self {
        self.settings.lease = time.clamp(SHORTEST_LEASE, LONGEST_LEASE);
        self
    }

    /// What is taken out of the texts of events before they are queued, by default what looks like a
    /// secret: see [`Scrub`]. [`Scrub::none`] takes nothing out.
    pub fn scrub(mut self, scrub: Scrub) -> Self {
        self.settings.scrub = scrub;
        self
    }

    /// A folder in which runs' starts and ends are kept while the store is away, by default none: what
    /// waits in memory alone is lost where the process is killed before the store is back. What a
    /// process leaves there, the next one delivers that starts with the same folder, prefix and store
    /// (its URL as it was written, but for user and password: `localhost` is not `127.0.0.1`); a run
    /// that has begun and not ended is then ended as `lost`. That is done beside all else:
    /// [`shutdown`](crate::Publisher::shutdown) waits for it, a flush and the guard do not, and
    /// [`restored`](crate::Stats::restored) counts it. Where the user of the store may use
    /// [XSETID](https://redis.io/docs/latest/commands/xsetid/), what the network still has of the dead
    /// process is refused; else it may be there twice.
    ///
    /// - The folder is made where there is none, for its owner alone, as the files are, which hold
    ///   events in clear text. Each publisher has a file of its own, and locks it: a folder may be
    ///   shared, but not between machines.
    /// - An event is on the disk (fsync) a moment after the store is known to be away, and 100 ms
    ///   after it has stopped answering. Before that, and for progress and domain events, memory is
    ///   all there is; readers see a [`Gap`](crate::Gap).
    /// - A disk that is full, slow, read-only or broken stops nothing: the log says so, and
    ///   [`unspooled`](crate::Stats::unspooled) counts what is in memory alone. A file that is
    ///   broken is put aside as `*.unreadable`.
    #[cfg(feature = "spool")]
    #[cfg_attr(docsrs, doc(cfg(feature = "spool")))]
    pub fn spool(mut self, folder: impl Into<std::path::PathBuf>) -> Self {
        self.settings.spool = Some(folder.into());
        self
    }

    /// What a publisher has without the thread that would deliver for it.
    #[cfg(test)]
    pub(crate) fn unattended(self) -> Arc<Core> {
        self.parts().unwrap().0.core
    }

    /// Starts the publisher's thread, which connects by itself.
    ///
    /// # Errors
    ///
    /// A URL or a prefix that cannot be used, or no thread to be had. A server that is down is no
    /// error.
    pub fn connect(self) -> Result<Publisher, Error> {
        let (publisher, worker) = self.parts()?;
        worker.spawn()?;
        Ok(publisher)
    }

    /// A publisher, and what is to deliver for it.
    pub(crate) fn parts(self) -> Result<(Publisher, Worker), Error> {
        job::check_prefix(&self.settings.prefix)?;
        let url = self.url.unwrap_or_else(StoreUrl::from_env_or_memory);
        #[cfg(feature = "redis")]
        let url = url.with_credentials(self.provider);
        let store = url.open()?;
        let reader = Reader::new(Arc::clone(&store), &self.settings.prefix)
            .opened_by(url)
            .with_retention(self.settings.retention_after_end);
        let (core, worker) = Core::new(store, self.settings);
        let open = Arc::default();
        Ok((Publisher { core, open, reader }, worker))
    }
}

const SHORTEST_LEASE: Duration = Duration::from_millis(100);
const LONGEST_LEASE: Duration = Duration::from_secs(24 * 60 * 60);
