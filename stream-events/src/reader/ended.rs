//! Whether there is anything to follow.

use super::Reader;
use crate::job::JobId;
use crate::{Error, EventId, watch};

impl Reader {
    /// Whether a watch of the job that begins after this event ends at once.
    pub(crate) async fn has_ended(&self, job: &JobId, after: EventId) -> Result<bool, Error> {
        let key = job.key(&self.prefix);
        let refused = |fault| self.refused(fault);
        let connection = self.prompt(None).await.map_err(refused)?;
        match watch::has_ended(&*connection, &key, after).await {
            Err(fault) if fault.class.is_of_the_way() => {
                let connection = self.another(&connection, &fault).await.map_err(refused)?;
                watch::has_ended(&*connection, &key, after).await
            }
            answer => answer,
        }
        .map_err(refused)
    }
}
