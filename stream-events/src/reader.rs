//! The handle that reads streams.

mod children;
#[cfg(feature = "axum")]
mod ended;
mod events;
mod feed;
mod group;
mod history;
mod jobs;
mod opened;
pub(crate) mod page;
mod prompt;
#[cfg(all(test, not(shuttle)))]
mod sharded;
mod state;

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

pub use events::Events;
pub use feed::{Feed, FeedGap, FeedItem, FeedPlace};
pub use group::{Assigned, DEFAULT_CLAIM_AFTER, FeedGroup};
pub use history::History;
#[cfg(feature = "axum")]
pub(crate) use jobs::Sight;
pub use jobs::{DEFAULT_PAGE, JobPage, Jobs, MAX_PAGE};

use crate::Error;
use crate::hub::{Desk, Hub, WatchMany};
use crate::job::{self, JobId};
use crate::lost::{Losses, Terms};
use crate::reaper::Reaper;
use crate::store::{Connection, Store, StoreUrl, StreamInfo};
use crate::watch::{Source, Watch};

/// Reads the streams of jobs. A clone shares the connection.
///
/// Its futures run on tokio. It reads what any publisher wrote, ours or another, and never stops at
/// an entry that it does not understand.
#[derive(Clone)]
pub struct Reader {
    store: Arc<dyn Store>,
    /// What it was opened by.
    #[cfg(feature = "redis")]
    url: Option<Arc<StoreUrl>>,
    prefix: Arc<str>,
    /// For what answers at once. A connection lives as long as the runtime that opened it, so it is
    /// opened anew where it fails.
    prompt: Arc<Mutex<Option<Arc<dyn Connection>>>>,
    /// The hub's, for as long as there is one.
    desk: Arc<Mutex<Weak<Desk>>>,
    terms: Terms,
}

impl Reader {
    /// A reader of the store of this URL; see [`Publisher::connect`](crate::Publisher::connect) for
    /// which there are. Nothing is connected yet.
    ///
    /// # Errors
    ///
    /// A URL that cannot be used.
    pub fn connect(url: impl Into<String>) -> Result<Self, Error> {
        Self::of(StoreUrl::new(url))
    }

    /// A reader of the store that the environment names; see
    /// [`Publisher::from_env`](crate::Publisher::from_env).
    ///
    /// # Errors
    ///
    /// A URL that cannot be used.
    pub fn from_env() -> Result<Self, Error> {
        Self::of(StoreUrl::from_env_or_memory())
    }

    /// Reads streams whose keys begin with this; see [`Builder::prefix`](crate::Builder::prefix).
    ///
    /// # Errors
    ///
    /// [`InvalidPrefix`](crate::ErrorKind::InvalidPrefix).
    pub fn with_prefix(self, prefix: &str) -> Result<Self, Error> {
        job::check_prefix(prefix)?;
        Ok(Self {
            prefix: prefix.into(),
            // A hub is of one prefix.
            desk: Arc::default(),
            ..self
        })
    }

    /// How long a lease that has run out has to stand still before a [`Watch`] or a [`Reaper`] of this
    /// reader takes its process for dead, by default [`DEFAULT_GRACE`](crate::DEFAULT_GRACE).
    ///
    /// A process that lives needs this time to come back after an outage of the store, or a jump of
    /// its clock: it tries again after 10 s at the latest, and a try may take 5 s. So with less a run
    /// may be declared lost that lives, and it takes that back (`task_resumed`) when it can. A lease
    /// that is shorter than the grace time is of little use without a shorter grace time.
    #[must_use]
    pub fn with_grace(mut self, time: Duration) -> Self {
        self.terms.grace = time;
        self
    }

    /// What the publishers of these streams have set.
    pub(crate) fn with_retention(mut self, after_end: Duration) -> Self {
        self.terms.retention = Some(after_end);
        self
    }

    /// Declares runs lost whose process is gone, of this reader's prefix, for as long as it runs. A
    /// service or two that have one give every job an end.
    ///
    /// One of [`Publisher::reader`](crate::Publisher::reader) also sets how long a stream is kept after
    /// such an end; one of [`Reader::connect`] leaves that as it was.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), stream_events::Error> {
    /// let publisher = stream_events::Publisher::connect("memory:")?;
    /// let reaper = tokio::spawn(publisher.reader().reaper().run());
    /// # reaper.abort();
    /// # Ok(())
    /// # }
    /// ```
    pub fn reaper(&self) -> Reaper {
        let losses = Losses::new(Arc::clone(&self.prefix), self.store.shards(), self.terms);
        Reaper::new(Arc::clone(&self.store), losses)
    }

    /// The store's URL without user, password and parameters.
    #[must_use]
    pub fn store(&self) -> &str {
        self.store.shown()
    }

    /// What tells the store from another.
    pub(crate) fn place(&self) -> String {
        self.store.place()
    }

    #[cfg(feature = "axum")]
    pub(crate) fn prefix(&self) -> &str {
        &self.prefix
    }

    /// The key of a job's stream, such as `job_events:job_001`.
    ///
    /// # Errors
    ///
    /// [`InvalidJobId`](crate::ErrorKind::InvalidJobId).
    pub fn key(&self, job_id: impl TryInto<JobId, Error: Into<Error>>) -> Result<String, Error> {
        Ok(job_id.try_into().map_err(Into::into)?.key(&self.prefix))
    }

    /// The events that a job's stream holds now, oldest first, in constant memory; none where there
    /// is no stream.
    ///
    /// # Errors
    ///
    /// [`InvalidJobId`](crate::ErrorKind::InvalidJobId).
    pub fn history(
        &self,
        job_id: impl TryInto<JobId, Error: Into<Error>>,
    ) -> Result<History, Error> {
        Ok(History::new(self.clone(), self.key(job_id)?))
    }

    /// Follows a job: its events so far, then those that come, until it has ended. Each watch has a
    /// connection of its own, which is the fastest way; for many of them there is [`hub`](Self::hub).
    ///
    /// # Errors
    ///
    /// [`InvalidJobId`](crate::ErrorKind::InvalidJobId).
    pub fn watch(&self, job_id: impl TryInto<JobId, Error: Into<Error>>) -> Result<Watch, Error> {
        let (source, prefix) = (
            Source::Own(Arc::clone(&self.store)),
            Arc::clone(&self.prefix),
        );
        let job = job_id.try_into().map_err(Into::into)?;
        Ok(Watch::new(source, job, prefix, self.terms))
    }

    /// Follows several jobs, each to its end, on the connection of the [`hub`](Self::hub).
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), stream_events::Error> {
    /// use stream_events::Publisher;
    ///
    /// let publisher = Publisher::connect("memory:")?;
    /// # for job_id in ["job_001", "job_002"] {
    /// #     publisher.job(job_id, "doc")?.completed(&());
    /// # }
    /// let mut watch = publisher.reader().watch_many(["job_001", "job_002"])?;
    /// while let Some((job_id, item)) = watch.next().await {
    ///     println!("{job_id}: {}", item?);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`InvalidJobId`](crate::ErrorKind::InvalidJobId).
    pub fn watch_many<J>(&self, job_ids: impl IntoIterator<Item = J>) -> Result<WatchMany, Error>
    where
        J: TryInto<JobId, Error: Into<Error>>,
    {
        self.hub().watch_many(job_ids)
    }

    /// Watches thousands of jobs on one connection: a handle of the hub that this reader and its clones
    /// share, for as long as anybody has one or watches by it.
    #[must_use]
    pub fn hub(&self) -> Hub {
        let mut shared = self.desk.lock().unwrap_or_else(PoisonError::into_inner);
        let desk = shared.upgrade().unwrap_or_else(|| {
            Arc::new(Desk::new(Arc::clone(&self.store), Arc::clone(&self.prefix)))
        });
        *shared = Arc::downgrade(&desk);
        Hub::new(desk, self.terms)
    }

    /// About a job's stream; none where there is none.
    ///
    /// # Errors
    ///
    /// [`InvalidJobId`](crate::ErrorKind::InvalidJobId),
    /// [`Unavailable`](crate::ErrorKind::Unavailable) or [`Rejected`](crate::ErrorKind::Rejected).
    pub async fn stream_info(
        &self,
        job_id: impl TryInto<JobId, Error: Into<Error>>,
    ) -> Result<Option<StreamInfo>, Error> {
        let key = self.key(job_id)?;
        self.ask(|connection| connection.info(&key)).await
    }

    /// How many events a job's stream holds; 0 where there is none.
    ///
    /// # Errors
    ///
    /// As for [`stream_info`](Self::stream_info).
    pub async fn stream_length(
        &self,
        job_id: impl TryInto<JobId, Error: Into<Error>>,
    ) -> Result<u64, Error> {
        Ok(self
            .stream_info(job_id)
            .await?
            .map_or(0, |info| info.length))
    }
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader")
            .field("store", &self.store.shown())
            .field("prefix", &self.prefix)
            .finish_non_exhaustive()
    }
}
