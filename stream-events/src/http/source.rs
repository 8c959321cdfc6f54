//! Where the routes read.

use futures_util::StreamExt;
use futures_util::stream::{BoxStream, iter, once};

use super::cursor::Place;
use crate::{
    Error, EventId, Gap, History, Hub, Item, JobId, JobState, Jobs, Missing, Query, Reader, Replay,
};

/// What is read for clients: all that they follow on one connection.
#[derive(Debug)]
pub(super) struct Source {
    reader: Reader,
    hub: Hub,
}

/// Which way a job is pushed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Course {
    /// Its events so far and as they come.
    Live,
    /// Its events again, so many times as fast as they came.
    Replay { speed: f64 },
}

/// Of one job.
pub(super) type Items = BoxStream<'static, Result<Item, Error>>;

impl Source {
    pub(super) fn new(reader: Reader) -> Self {
        let hub = reader.hub();
        Self { reader, hub }
    }

    pub(super) fn prefix(&self) -> &str {
        self.reader.prefix()
    }

    /// What is behind this place, of a query's events those alone that it asks for.
    pub(super) fn items(
        &self,
        course: Course,
        job: &JobId,
        place: Place,
        query: Option<&Query>,
    ) -> Result<Items, Error> {
        match course {
            Course::Live => {
                let watch = self.hub.watch(job)?.after(place.id);
                Ok(match query {
                    Some(query) => watch.matching(query.clone()).boxed(),
                    None => watch.boxed(),
                })
            }
            Course::Replay { speed } => {
                let replay = self.reader.replay(job)?.speed(speed);
                let replay = replay.from(place.id, query.cloned().unwrap_or_default());
                let (reader, job) = (self.reader.clone(), job.clone());
                Ok(once(replayed(reader, job, place, replay)).flatten().boxed())
            }
        }
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

    /// Whether there is such a stream.
    pub(super) async fn is_there(&self, job: &JobId) -> Result<bool, Error> {
        Ok(self.reader.stream_length(job).await? > 0)
    }

    /// Whether nothing is behind this place that is asked for, and nothing will be.
    pub(super) async fn is_over(
        &self,
        course: Course,
        job: &JobId,
        place: Place,
        query: Option<&Query>,
    ) -> Result<bool, Error> {
        if place.is_gone && !self.is_there(job).await? {
            return Ok(true);
        }
        let has_ended = match (course, query) {
            (Course::Live, None) => return self.reader.has_ended(job, place.id).await,
            (Course::Live, Some(_)) => self.reader.has_ended(job, EventId::MAX).await?,
            (Course::Replay { .. }, _) => self.is_there(job).await?,
        };
        if !has_ended {
            return Ok(false);
        }
        let behind = self.history(job, place.id)?;
        let mut behind = behind.matching(query.cloned().unwrap_or_default());
        match behind.next().await {
            Some(found) => found.map(|_| false),
            None => Ok(true),
        }
    }
}

/// Who comes back to a stream that is gone is told so.
async fn replayed(reader: Reader, job: JobId, place: Place, replay: Replay) -> Items {
    match reader.stream_length(&job).await {
        Ok(0) if place.id != EventId::ZERO => {
            let gone = Gap {
                run: String::new(),
                first: 0,
                count: 0,
                why: Missing::Expired,
            };
            iter([Ok(Item::Gap(gone))]).boxed()
        }
        _ => replay.boxed(),
    }
}
