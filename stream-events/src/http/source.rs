//! Where the routes read.

use futures_util::StreamExt;

use crate::{Error, EventId, History, Hub, JobId, JobState, Jobs, Query, Reader, Watch};

/// What is read for clients: all that they follow on one connection.
#[derive(Debug)]
pub(super) struct Source {
    reader: Reader,
    hub: Hub,
}

impl Source {
    pub(super) fn new(reader: Reader) -> Self {
        let hub = reader.hub();
        Self { reader, hub }
    }

    pub(super) fn watch(
        &self,
        job: &JobId,
        after: EventId,
        query: Option<&Query>,
    ) -> Result<Watch, Error> {
        let watch = self.hub.watch(job)?.after(after);
        Ok(match query {
            Some(query) => watch.matching(query.clone()),
            None => watch,
        })
    }

    pub(super) fn history(&self, job: &JobId, after: EventId) -> Result<History, Error> {
        Ok(self.reader.history(job)?.after(after))
    }

    pub(super) fn jobs(
        &self,
        query: Query,
        limit: usize,
        after: Option<&str>,
    ) -> Result<Jobs, Error> {
        let jobs = self.reader.jobs(query).limit(limit);
        match after {
            Some(place) => jobs.after(place),
            None => Ok(jobs),
        }
    }

    pub(super) async fn state(&self, job: &JobId) -> Result<Option<JobState>, Error> {
        self.reader.state(job).await
    }

    /// Whether the job has ended, and nothing is behind this event that is asked for.
    pub(super) async fn has_ended(
        &self,
        job: &JobId,
        after: EventId,
        query: Option<&Query>,
    ) -> Result<bool, Error> {
        let Some(query) = query else {
            return self.reader.has_ended(job, after).await;
        };
        if !self.reader.has_ended(job, EventId::MAX).await? {
            return Ok(false);
        }
        let behind = self.history(job, after)?.matching(query.clone());
        Ok(behind.take(1).collect::<Vec<_>>().await.is_empty())
    }
}
