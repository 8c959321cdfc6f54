//! A run whose work a framework does, seen through the framework's span: the Layer begins it and ends
//! it.

use std::sync::atomic::Ordering::Relaxed;

use tracing::Span;

use super::{FailureKind, Job, JobBuilder, Plan};
use crate::event::Trace;
use crate::{Error, Fields, Progress};

/// The run of a framework's span. Its last handle may well be this one.
#[derive(Debug)]
pub struct Adopted(Job);

/// How it ended, as far as the framework tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the Layer makes it")]
pub enum Ending<'a> {
    /// The framework says that it is done.
    Completed,
    /// It is over, and nobody says how.
    Unknown,
    /// With the text of its error.
    Failed(&'a str),
    /// The thread panicked in it.
    Panicked,
    /// With the reason.
    Cancelled(&'a str),
}

/// Begins a run that has no span of its own: the framework's stands for it. Its parent is whom it was told,
/// or nobody: in a callback of the Layer there is no current span.
pub fn adopt(run: JobBuilder, trace: Option<Trace>) -> Result<Adopted, Error> {
    let (core, mut plan) = run.into_parts();
    plan.origin.trace = trace;
    Job::begin(&core, plan, Span::none(), true).map(Adopted)
}

impl Adopted {
    /// The run.
    pub fn job(&self) -> &Job {
        &self.0
    }

    /// Whether it has ended, as where the job was started again, or the publisher is shut down.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.0.run().is_ending()
    }

    /// The framework tries the job again where this run fails.
    pub fn is_tried_again(&self) {
        self.0.run().retries(true);
    }

    /// Ends the run, unless it has ended, as where an annotated function has joined it.
    pub fn end(&self, ending: Ending<'_>) {
        let Self(job) = self;
        if job.run().is_ending() {
            return;
        }
        match ending {
            Ending::Completed => job.completed(&()),
            Ending::Unknown => {
                let fields = Fields::new().field("outcome", "unknown");
                let _ = job.run().complete(&(), &fields, None);
            }
            Ending::Failed(error) => job.fail(FailureKind::Error, error),
            Ending::Panicked => job.fail(FailureKind::Panic, "the thread panicked in the job"),
            Ending::Cancelled(why) => job.cancel(why),
        }
    }
}

impl Job {
    /// The job around, where it is an adopted one and the plan is of the same: an annotated function
    /// that a framework calls is not a second run of its job. It tells how the run ends, since it knows
    /// better; only one does, so that a function within it is a run of its own as ever.
    pub(crate) fn join(plan: &Plan, around: Option<&Self>) -> Option<Self> {
        let job = around.filter(|job| job.id() == &plan.job && !job.run().is_ending())?;
        if !job.0.may_be_joined.swap(false, Relaxed) {
            return None;
        }
        if plan.has_heartbeat {
            job.run().begin_to_beat();
        }
        let (known, told) = (job.run().origin(), &plan.origin);
        job.run().retries(known.or(told).will_retry());
        let started = Progress::new(&*plan.task_type).step(&plan.task_type);
        let started = started.fields(&plan.fields).into_fields();
        // The run's events are of one origin from the first on: what is news stands here.
        job.run().progress(told.beyond(known).add_to(started));
        Some(job.clone())
    }
}
