//! Where the routes read.

use crate::{Error, EventId, History, JobId, Reader, Watch};

/// What is read for clients.
#[derive(Debug)]
pub(super) struct Source(pub(super) Reader);

impl Source {
    pub(super) fn watch(&self, job: &JobId, after: EventId) -> Result<Watch, Error> {
        Ok(self.0.watch(job)?.after(after))
    }

    pub(super) fn history(&self, job: &JobId, after: EventId) -> Result<History, Error> {
        Ok(self.0.history(job)?.after(after))
    }

    /// Whether the job has ended, and nothing is behind this event.
    pub(super) async fn has_ended(&self, job: &JobId, after: EventId) -> Result<bool, Error> {
        self.0.has_ended(job, after).await
    }
}
