//! A run that is to begin.

use std::borrow::Cow;

use super::JobId;
use crate::event::{Fields, Origin};

/// Whose run it is, what its `task_started` says, and where it comes from.
pub(crate) struct Plan {
    pub(crate) job: JobId,
    pub(crate) task_type: Cow<'static, str>,
    pub(crate) fields: Fields,
    pub(crate) origin: Origin,
    /// Is part of no other job's work, wherever it begins.
    pub(crate) stands_alone: bool,
    pub(crate) has_heartbeat: bool,
}

impl Plan {
    pub(crate) fn new(job: JobId, task_type: impl Into<Cow<'static, str>>) -> Self {
        Self {
            job,
            task_type: task_type.into(),
            fields: Fields::new(),
            origin: Origin::default(),
            stands_alone: false,
            has_heartbeat: false,
        }
    }

    pub(crate) fn fields(self, fields: Fields) -> Self {
        Self { fields, ..self }
    }

    /// Is part of this job's work, unless it is told whose, or is that job itself.
    pub(super) fn within(mut self, current: Option<&JobId>) -> Self {
        let parent = current.filter(|parent| **parent != self.job);
        if self.origin.parent.is_none() && !self.stands_alone {
            self.origin.parent = parent.map(JobId::to_string);
        }
        self
    }
}
