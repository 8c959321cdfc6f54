//! Where a job stands now.

use super::Reader;
use crate::job::JobId;
use crate::watch::Sequence;
use crate::{Error, JobState};

impl Reader {
    /// Where a job stands now, by the events that its stream holds; none where there is no such stream, be it
    /// that the job has not begun, or that its time was up. It reads all of them, in constant memory, and the
    /// starts of the last thousand jobs within it, which stand beside it; without the right to
    /// `XREVRANGE` on `{job_events:…}:children` it has none of those.
    ///
    /// # Errors
    ///
    /// As for [`stream_info`](Self::stream_info).
    pub async fn state(
        &self,
        job_id: impl TryInto<JobId, Error: Into<Error>>,
    ) -> Result<Option<JobState>, Error> {
        let job = job_id.try_into().map_err(Into::into)?;
        let Some(mut state) = self.folded(&job).await? else {
            return Ok(None);
        };
        state.children = self.children(&job).await?;
        Ok(Some(state))
    }

    /// As its own events say, which know no children.
    pub(super) async fn folded(&self, job: &JobId) -> Result<Option<JobState>, Error> {
        let mut sequence = Sequence::start();
        let mut state = JobState::new(job.as_str());
        let mut history = self.history(job)?;
        while let Some(event) = history.next().await {
            let next = sequence.next(event?);
            next.into_iter().for_each(|item| state.apply(&item));
        }
        Ok((state.events > 0).then_some(state))
    }
}
