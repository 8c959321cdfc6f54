//! The handle that takes events and delivers them.

mod awaited;
mod builder;
mod complaints;
mod core;
mod installed;
mod limit;
mod open;
mod publish;
mod told;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

pub use builder::Builder;
pub(crate) use core::Core;
pub use installed::{DEFAULT_FLUSH_TIMEOUT, Installed};
pub(crate) use installed::{current as current_publisher, with_current as with_current_publisher};
use open::OpenRuns;
pub(crate) use told::told;

use crate::job::{JobBuilder, JobId};
use crate::stats::{Report, Stats};
use crate::worker::{Control, in_time};
use crate::{Error, Job, Reader, StreamInfo};

/// Takes events and delivers them to a store, in order, from a thread of its own. A clone is
/// another handle to the same publisher.
///
/// Handing an event over never waits, fails or panics. What becomes of the events:
///
/// - They wait in memory, bounded by [`queue_bytes`](Builder::queue_bytes), until the store
///   acknowledges them; while it is away, for as long as that takes.
/// - When the queue is more than half full, a job's progress is coalesced: the newest stays. When
///   it is full, domain events and progress are dropped and counted; a run's end always finds room.
/// - A process that is forked from this one has no publisher: connect another one there. What was
///   begun before the fork leaves no events there, and one warning says so.
/// - What waits when the process ends is lost, but for starts and ends in a spool
///   (`Builder::spool`). [`shutdown`](Self::shutdown), or the guard of
///   [`install`](Self::install), delivers it first.
#[derive(Clone)]
pub struct Publisher {
    pub(crate) core: Arc<Core>,
    open: Arc<OpenRuns>,
    reader: Reader,
}

impl Publisher {
    /// A publisher for the store of this URL: `redis://[user:password@]host[:port][/db]`,
    /// `rediss://…` (feature `tls`), `unix:///path` or `memory:`, where a name may follow the colon;
    /// `redis+cluster://[user:password@]host[:port],…` (feature `cluster`) names one server of a cluster or
    /// more, which tell of all the others, and with `tls` `rediss+cluster://…`.
    ///
    /// Parameters stand behind a `?`, with `&` between them: `protocol`, which is `resp2` unless it is `resp3`; of
    /// `unix://` `db`, `user` and `pass`; those of TLS and of sentinels below. Any other is an error.
    ///
    /// A server's certificate is always verified, its name included. Which authorities are trusted in place
    /// of the system's, and the certificate by which a server knows us, are files in PEM that the URL names,
    /// `rediss://host/?cacert=/ca.pem&cert=/client.pem&key=/client.key`, or else the variables
    /// `STREAM_EVENTS_TLS_CACERT`, `STREAM_EVENTS_TLS_CERT` and `STREAM_EVENTS_TLS_KEY`; they are read at
    /// each connect, so that they may change while the process runs.
    ///
    /// The process's memory holds 256 MiB at most: beyond it the streams go that would go first
    /// anyway.
    ///
    /// `redis+sentinel://[user:password@]s1[:26379],s2,s3/name[/db]` (feature `sentinel`; with TLS to all of
    /// them `rediss+sentinel://…`, feature `tls`) is the master of this name, wherever [its sentinels](
    /// https://redis.io/docs/latest/operate/oss_and_stack/management/sentinel/) say that it is; name all of
    /// them. The user is the servers'; `?sentinel_user=…&sentinel_password=…` is the sentinels', who are given
    /// no other. They are asked at each connect, and every 2 s from then on by one connection for all: one that
    /// stands ends within 5 s after most of them name another master that says so itself, and at once where the
    /// old one refuses a write. Whoever of them knows of a later failover counts for more, and nobody goes back
    /// behind one for those who have yet to hear of it: these are believed once most of them have said so for
    /// 10 s. While none of them answers, a connection stays as it is.
    ///
    /// A failover may take events that the old master had acknowledged, and what it takes while it has not
    /// heard of it: they are sent again from memory (`Builder::replay_bytes`), but not those of a process that
    /// has ended by then. `min-replicas-to-write` on the servers bounds that, and
    /// `Durability::Replicated` has ends of runs wait for a replica.
    ///
    /// ```
    /// let publisher = stream_events::Publisher::connect("memory:")?;
    /// # Ok::<(), stream_events::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// A URL that cannot be used, or no thread to be had. A server that is down is no error: events
    /// wait for it.
    pub fn connect(url: impl Into<String>) -> Result<Self, Error> {
        Self::builder().url(url).connect()
    }

    /// A publisher for the store that `STREAM_EVENTS_URL` names, or else `REDIS_URL`; `memory:`
    /// with one warning where neither does.
    ///
    /// # Errors
    ///
    /// As for [`connect`](Self::connect).
    pub fn from_env() -> Result<Self, Error> {
        Self::builder().connect()
    }

    /// For settings other than the store.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// Makes this the publisher of the process: the one that annotated functions use. A later one
    /// takes its place.
    ///
    /// Dropping the guard ends the runs that are still open as `cancelled`, flushes, for at most
    /// [`DEFAULT_FLUSH_TIMEOUT`](crate::DEFAULT_FLUSH_TIMEOUT), and leaves the process without a
    /// publisher.
    #[must_use = "dropping it at once leaves the process without a publisher; bind it to a name for as long as `main` runs"]
    pub fn install(self) -> Installed {
        Installed::new(self)
    }

    /// Starts a run of a job by hand, for code that cannot be annotated.
    ///
    /// # Errors
    ///
    /// [`InvalidJobId`](crate::ErrorKind::InvalidJobId), [`QueueFull`](crate::ErrorKind::QueueFull)
    /// or [`Closed`](crate::ErrorKind::Closed).
    pub fn job(
        &self,
        job_id: impl TryInto<JobId, Error: Into<Error>>,
        task_type: &str,
    ) -> Result<Job, Error> {
        self.job_builder(job_id, task_type)?.start()
    }

    /// The same, with what else is known of the run: which attempt it is, and whose work it is part of.
    ///
    /// # Errors
    ///
    /// [`InvalidJobId`](crate::ErrorKind::InvalidJobId).
    pub fn job_builder(
        &self,
        job_id: impl TryInto<JobId, Error: Into<Error>>,
        task_type: &str,
    ) -> Result<JobBuilder, Error> {
        let job = job_id.try_into().map_err(Into::into)?;
        Ok(JobBuilder::new(&self.core, job, task_type))
    }

    /// Waits until every event that was emitted before has been delivered, coalesced or dropped, at
    /// most for `timeout`. Works in any runtime.
    pub async fn flush(&self, timeout: Duration) -> Report {
        let (done, report) = tokio::sync::oneshot::channel();
        self.core.flush(timeout, false, move |outcome| {
            done.send(outcome).ok();
        });
        report.await.unwrap_or_else(|_| self.core.report())
    }

    /// Ends the publisher and all its handles: ends the runs that are still open as `cancelled`,
    /// and delivers what there is, at most for `timeout`. What could not be delivered is dropped and
    /// counted in [`shut_down`](crate::Dropped::shut_down), as is what comes later; but for what stands
    /// in the spool (`Builder::spool`), which stays pending for the next process. Within that time it waits
    /// for what is to be said in the log, too, for a second at most.
    pub async fn shutdown(&self, timeout: Duration) -> Report {
        self.core.queue.refuse_starts();
        self.core.cut_short();
        if self.core.queue.is_left() {
            return self.core.report();
        }
        let (done, report) = tokio::sync::oneshot::channel();
        let done = Box::new(move |outcome| {
            done.send(outcome).ok();
        });
        let until = in_time(timeout);
        // A worker that is gone has dropped `done`: the report is then of what there was.
        let _ = self.core.control.send(Control::Shutdown { until, done });
        report.await.unwrap_or_else(|_| self.core.report())
    }

    /// What became of the events so far.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.core.queue.counters.stats()
    }

    /// The store's URL without user, password and parameters.
    #[must_use]
    pub fn store(&self) -> &str {
        self.core.store.shown()
    }

    /// A reader of the same store.
    #[must_use]
    pub fn reader(&self) -> Reader {
        self.reader.clone()
    }

    /// See [`Reader::stream_info`].
    ///
    /// # Errors
    ///
    /// As there.
    pub async fn stream_info(
        &self,
        job_id: impl TryInto<JobId, Error: Into<Error>>,
    ) -> Result<Option<StreamInfo>, Error> {
        self.reader.stream_info(job_id).await
    }

    /// See [`Reader::stream_length`].
    ///
    /// # Errors
    ///
    /// As there.
    pub async fn stream_length(
        &self,
        job_id: impl TryInto<JobId, Error: Into<Error>>,
    ) -> Result<u64, Error> {
        self.reader.stream_length(job_id).await
    }
}

impl fmt::Debug for Publisher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Publisher")
            .field("store", &self.core.store.shown())
            .field("stats", &self.stats())
            .finish()
    }
}
