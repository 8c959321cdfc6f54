//! Where the routes read.

use crate::{Error, EventId, History, Hub, JobId, JobState, Reader, Watch};

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

    pub(super) fn watch(&self, job: &JobId, after: EventId) -> Result<Watch, Error> {
        Ok(self.hub.watch(job)?.after(after))
    }

    pub(super) fn history(&self, job: &JobId, after: EventId) -> Result<History, Error> {
        Ok(self.reader.history(job)?.after(after))
    }

    pub(super) async fn state(&self, job: &JobId) -> Result<Option<JobState>, Error> {
        self.reader.state(job).await
    }

    /// Whether the job has ended, and nothing is behind this event.
    pub(super) async fn has_ended(&self, job: &JobId, after: EventId) -> Result<bool, Error> {
        self.reader.has_ended(job, after).await
    }
}
