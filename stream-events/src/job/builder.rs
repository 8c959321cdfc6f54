//! A run by hand, with what is known of it.

use std::sync::Arc;

use super::plan::Plan;
use super::{Job, JobId};
use crate::publisher::Core;
use crate::{Error, Fields};

/// Starts a run with more than its id and kind; made by
/// [`Publisher::job_builder`](crate::Publisher::job_builder).
///
/// ```
/// use stream_events::{Fields, Publisher};
///
/// let publisher = Publisher::connect("memory:")?;
/// let job = publisher
///     .job_builder("job_001", "import")?
///     .attempt(2)
///     .max_attempts(3)
///     .fields(Fields::new().field("rows", &42))
///     .start()?;
/// job.completed(&());
/// # Ok::<(), stream_events::Error>(())
/// ```
#[must_use = "nothing begins before `start`"]
pub struct JobBuilder {
    core: Arc<Core>,
    plan: Plan,
}

impl JobBuilder {
    pub(crate) fn new(core: &Arc<Core>, job: JobId, task_type: &str) -> Self {
        Self {
            core: Arc::clone(core),
            plan: Plan::new(job, task_type.to_owned()),
        }
    }

    /// Which try of the job this is, counted from 1; stands in `attempt` of each event.
    pub fn attempt(mut self, attempt: u64) -> Self {
        self.plan.origin.attempt = Some(attempt);
        self
    }

    /// How many tries the job has at most. Where one before the last fails, by an error or since the
    /// publisher was shut down, `task_failed` says `will_retry: true`, and those who watch the job wait
    /// for the next. Where its last handle is dropped, that is `false`: nobody tries it again, and a watch
    /// ends.
    pub fn max_attempts(mut self, most: u64) -> Self {
        self.plan.origin.max_attempts = Some(most);
        self
    }

    /// The job that this one is part of; stands in `parent_job_id` of each event. Without it, that is
    /// the current job, if there is one.
    pub fn parent(mut self, job: &JobId) -> Self {
        self.plan.origin.parent = Some(job.to_string());
        self
    }

    /// Part of no other job, also where it is started within one: `parent_job_id` stands in no event. What
    /// was said last of its parent holds.
    pub fn no_parent(mut self) -> Self {
        self.plan.origin.parent = None;
        self.plan.stands_alone = true;
        self
    }

    /// The fields of `task_started`.
    pub fn fields(mut self, fields: Fields) -> Self {
        self.plan.fields = fields;
        self
    }

    pub(super) fn into_parts(self) -> (Arc<Core>, Plan) {
        (self.core, self.plan)
    }

    /// Begins the run.
    ///
    /// # Errors
    ///
    /// [`QueueFull`](crate::ErrorKind::QueueFull) or [`Closed`](crate::ErrorKind::Closed).
    pub fn start(self) -> Result<Job, Error> {
        Job::start(&self.core, self.plan, Job::current().as_ref())
    }
}

impl std::fmt::Debug for JobBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("JobBuilder")
            .field("id", &self.plan.job)
            .finish_non_exhaustive()
    }
}
