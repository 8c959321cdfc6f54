//! Several jobs followed as one stream.

use std::collections::HashSet;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_util::stream::{SelectAll, Stream, StreamExt};

use super::Hub;
use crate::job::JobId;
use crate::watch::{Item, Watch};
use crate::{Error, EventId};

/// What [`Reader::watch_many`](crate::Reader::watch_many) gives: a `futures::Stream` of what happens to
/// several jobs, each with the job that it is about.
///
/// Each job is followed as by a [`Watch`] of its own: its events come in order, none twice, and what is
/// missing is named. Jobs that have much to say do not keep others from being heard. An error is the last
/// item of its job and not of others; the stream ends with the last job. A job that is named twice is followed
/// once.
#[must_use = "it reads nothing until it is polled"]
pub struct WatchMany {
    hub: Hub,
    jobs: Vec<JobId>,
    watches: SelectAll<Named>,
}

/// A watch that says whose it is.
struct Named {
    job: JobId,
    watch: Watch,
}

impl WatchMany {
    pub(super) fn new(hub: Hub, jobs: Vec<JobId>) -> Self {
        Self::begin(hub, jobs, [])
    }

    /// Begins after these events, in the order of the jobs: where an earlier one left off. A job for
    /// which there is none begins at its beginning, as with `0-0`; for one that is named twice, the first
    /// counts.
    pub fn after(self, ids: impl IntoIterator<Item = EventId>) -> Self {
        Self::begin(self.hub, self.jobs, ids)
    }

    /// The next item of any of them; none after the end of all.
    pub async fn next(&mut self) -> Option<(JobId, Result<Item, Error>)> {
        self.watches.next().await
    }

    fn begin(hub: Hub, jobs: Vec<JobId>, ids: impl IntoIterator<Item = EventId>) -> Self {
        let ids = ids.into_iter().chain(std::iter::repeat(EventId::ZERO));
        let named = |(job, id): (&JobId, EventId)| Named {
            job: job.clone(),
            watch: hub.follow(job.clone()).after(id),
        };
        let mut seen = HashSet::new();
        let once = jobs.iter().zip(ids).filter(|(job, _)| seen.insert(*job));
        let watches = once.map(named).collect();
        Self { hub, jobs, watches }
    }
}

impl Stream for Named {
    type Item = (JobId, Result<Item, Error>);

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let item = ready!(self.watch.poll_next_unpin(context));
        Poll::Ready(item.map(|item| (self.job.clone(), item)))
    }
}

impl Stream for WatchMany {
    type Item = (JobId, Result<Item, Error>);

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.watches.poll_next_unpin(context)
    }
}

impl fmt::Debug for WatchMany {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WatchMany({} jobs)", self.watches.len())
    }
}
