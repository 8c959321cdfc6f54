//! A run that is about to start: what the attribute says of it.

use std::fmt;

use super::said::FieldSerialize;
use super::stage::Stage;
use super::times::Asked;
use crate::event::{Fields, value};
use crate::job::{Job, JobId, Plan, Worker};
use crate::publisher::{Core, Publisher, current_publisher};
use crate::worker::Notice;

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

/// A run that is about to start: a word, and none where there is nothing to be seen of it.
#[must_use]
pub struct Start(pub(super) Option<Box<Begin>>);

/// What is to be seen of it.
#[derive(Default)]
pub(super) struct Begin {
    planned: Planned,
    pub(super) asked: Asked,
}

#[derive(Default)]
#[expect(clippy::large_enum_variant, reason = "it stands in a box")]
enum Planned {
    /// No publisher is installed, so that nothing is written.
    #[default]
    Nothing,
    /// A run of this task type that has no id.
    Refused(&'static str),
    Run(Publisher, Plan),
}

/// The start of a run of this job.
#[inline]
pub fn start<I: JobIdSource + ?Sized>(task_type: &'static str, job_id: &I) -> Start {
    match current_publisher() {
        Some(publisher) => Start::plan(publisher, task_type, JobId::try_from(job_id.text())),
        None => Start(None),
    }
}

/// The start of a run of a job that gets an id of its own.
#[inline]
pub fn start_new(task_type: &'static str) -> Start {
    match current_publisher() {
        Some(publisher) => Start::plan(publisher, task_type, Ok(JobId::random())),
        None => Start(None),
    }
}

/// The job runs all the same: its events are what is missing. They are not those of a job around it.
fn unseen(core: &Core, task_type: &str, error: &crate::Error) {
    core.complain(&core.complaints.unseen, || Notice::Unseen {
        task_type: task_type.to_owned(),
        why: error.to_string(),
    });
}

impl Start {
    fn plan(
        publisher: Publisher,
        task_type: &'static str,
        job: Result<JobId, crate::Error>,
    ) -> Self {
        let planned = match job {
            Ok(job) => Planned::Run(publisher, Plan::new(job, task_type)),
            Err(error) => {
                unseen(&publisher.core, task_type, &error);
                Planned::Refused(task_type)
            }
        };
        let asked = Asked::default();
        Self(Some(Box::new(Begin { planned, asked })))
    }

    /// A field of `task_started`, by serde.
    pub fn field<T: FieldSerialize + ?Sized>(self, key: &str, value: &T) -> Self {
        self.saying(|fields| value.add_to(fields, key))
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

    pub(super) fn with(self, change: impl FnOnce(&mut Plan)) -> Self {
        self.with_core(|_, plan| change(plan))
    }

    pub(super) fn with_core(mut self, change: impl FnOnce(&Core, &mut Plan)) -> Self {
        if let Some(begin) = &mut self.0
            && let Planned::Run(publisher, plan) = &mut begin.planned
        {
            change(&publisher.core, plan);
        }
        self
    }

    #[inline]
    pub(super) fn stage(self) -> Stage {
        self.0.map_or(Stage::Unseen, Stage::Start)
    }

    /// None where there is nothing to be seen of.
    #[inline]
    pub(super) fn begin(self) -> Option<Worker> {
        self.0?.worker()
    }
}

impl Begin {
    /// None where there is no publisher.
    pub(super) fn worker(self) -> Option<Worker> {
        let (publisher, plan) = match self.planned {
            Planned::Nothing => return None,
            Planned::Refused(task_type) => return Some(Worker::nobody(task_type)),
            Planned::Run(publisher, plan) => (publisher, plan),
        };
        // Found once: it may be a long way up the spans.
        let around = Job::current();
        if let Some(job) = Job::join(&plan, around.as_ref()) {
            return Some(Worker::Run(job));
        }
        let task_type = plan.task_type.clone();
        let started = Job::start(&publisher.core, plan, around.as_ref());
        Some(started.map_or_else(
            |error| {
                unseen(&publisher.core, &task_type, &error);
                Worker::nobody(&task_type)
            },
            Worker::Run,
        ))
    }
}
