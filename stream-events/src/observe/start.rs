//! A run that is about to start: what the attribute says of it.

use std::fmt;

use serde::Serialize;

use super::times::Asked;
use crate::event::{Fields, value};
use crate::job::{Job, JobId, Plan};
use crate::publisher::{Publisher, current_publisher};

/// What can name a job: anything that displays.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a job id: it does not implement `Display`",
    label = "not a job id",
    note = "a job is named by what a value displays: implement `Display` for it, or name another one, as in `job_id = request.id`"
)]
pub trait JobIdSource {
    /// The id's text.
    fn text(&self) -> String;
}

impl<T: fmt::Display + ?Sized> JobIdSource for T {
    fn text(&self) -> String {
        value::text(self)
    }
}

/// A run that is about to start.
#[must_use]
pub struct Start {
    /// Nothing where no publisher is installed, so that nothing is written then.
    planned: Option<Planned>,
    pub(super) asked: Asked,
}

struct Planned {
    publisher: Publisher,
    plan: Plan,
}

/// The start of a run of this job.
pub fn start<I: JobIdSource + ?Sized>(task_type: &str, job_id: &I) -> Start {
    planned(task_type, || JobId::try_from(job_id.text()))
}

/// The start of a run of a job that gets an id of its own.
pub fn start_new(task_type: &str) -> Start {
    planned(task_type, || Ok(JobId::random()))
}

fn planned(task_type: &str, job: impl FnOnce() -> Result<JobId, crate::Error>) -> Start {
    let plan = |publisher| match job() {
        Ok(job) => Some(Planned {
            publisher,
            plan: Plan::new(job, task_type),
        }),
        Err(error) => {
            unseen(task_type, &error);
            None
        }
    };
    Start {
        planned: current_publisher().and_then(plan),
        asked: Asked::default(),
    }
}

/// The job runs all the same: its events are what is missing.
fn unseen(task_type: &str, error: &crate::Error) {
    tracing::error!(target: "stream_events", "a run of `{task_type}` leaves no events: {error}");
}

impl Start {
    /// A field of `task_started`, by serde.
    pub fn field<T: Serialize + ?Sized>(self, key: &str, value: &T) -> Self {
        self.saying(|fields| fields.field(key, value))
    }

    /// A field of `task_started`, by `Display`.
    pub fn display<T: fmt::Display + ?Sized>(self, key: &str, value: &T) -> Self {
        self.saying(|fields| fields.display(key, value))
    }

    /// A field of `task_started`, by `Debug`.
    pub fn debug<T: fmt::Debug + ?Sized>(self, key: &str, value: &T) -> Self {
        self.saying(|fields| fields.debug(key, value))
    }

    fn saying(self, add: impl FnOnce(Fields) -> Fields) -> Self {
        self.with(|plan| plan.fields = add(std::mem::take(&mut plan.fields)))
    }

    pub(super) fn with(mut self, change: impl FnOnce(&mut Plan)) -> Self {
        if let Some(planned) = &mut self.planned {
            change(&mut planned.plan);
        }
        self
    }

    pub(super) fn begin(self) -> Option<Job> {
        let Planned { publisher, plan } = self.planned?;
        if let Some(job) = Job::join(&plan) {
            return Some(job);
        }
        let task_type = plan.task_type.clone();
        Job::start(&publisher.core, plan)
            .inspect_err(|error| unseen(&task_type, error))
            .ok()
    }
}
