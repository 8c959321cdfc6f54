//! The jobs within a job.

use std::collections::HashSet;

use super::Reader;
use crate::index::{self, CHILDREN};
use crate::{Error, ErrorKind, Event, EventId, JobId};

impl Reader {
    /// Those whose starts stand beside it, in the order in which they were told; none where they may not be
    /// read.
    pub(super) async fn children(&self, job: &JobId) -> Result<Vec<String>, Error> {
        let key = index::children(&self.prefix, job);
        // It is trimmed in whole blocks.
        let most = 2 * CHILDREN as usize;
        let (from, to) = (EventId::ZERO, EventId::MAX);
        let entries = self.ask(|it| it.tail(&key, from, to, most)).await;
        let entries = match entries {
            Err(error) if error.kind() == ErrorKind::Rejected => Vec::new(),
            entries => entries?,
        };
        let mut seen = HashSet::new();
        let events = entries.into_iter().rev().map(Event::from);
        let children = events.filter_map(|event| event.job_id());
        let children = children.map(|child| child.to_string());
        Ok(children
            .filter(|child| seen.insert(child.clone()))
            .collect())
    }
}
