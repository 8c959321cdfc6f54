//! The span of each run, so that log lines tell their job, and the way back: from a span to its job.
//! That one leads through the Layer, which knows the span tree.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, OnceLock, Weak};

use tracing::subscriber::NoSubscriber;
use tracing::{Dispatch, Span, dispatcher};

use super::current::Whose;
use super::plan::Plan;
use super::{Handle, Job};
use crate::event::Trace;

/// The target of the spans of runs.
pub const JOB_TARGET: &str = "stream_events::job";

/// What a Layer does with spans.
#[derive(Debug)]
#[expect(clippy::exhaustive_structs, reason = "the Layer makes it")]
pub struct Spans {
    /// Whose the current span is, or the nearest around it that is someone's.
    pub whose: fn() -> Whose,
    /// Has this run's span know whose it is.
    pub attach: fn(&Span, Owner),
    /// What OpenTelemetry calls the span, where it is there.
    pub trace: fn(&Span) -> Option<Trace>,
    /// A publisher is there: somebody can be told what filters hide.
    pub look: fn(),
    /// Whether the subscriber of the caller has the Layer, as far as is known.
    pub is_here: fn() -> bool,
}

/// A job as its span holds it: a span may be kept for longer than the job is at work.
#[derive(Debug, Clone)]
pub struct WeakJob(Weak<Handle>);

/// Whose a span is, as it holds it.
#[derive(Debug, Clone)]
#[expect(clippy::exhaustive_enums, reason = "the Layer makes it")]
pub enum Owner {
    /// A job's.
    Job(WeakJob),
    /// That of a run which could not begin.
    Nobody,
}

static SPANS: OnceLock<Spans> = OnceLock::new();

/// A Layer is there from now on. Of several in one process all do the same.
pub fn hear(spans: Spans) {
    let _ = SPANS.set(spans);
}

/// The span of a run that is about to begin.
pub(super) fn open(plan: &Plan) -> Span {
    tracing::info_span!(target: JOB_TARGET, "job", job_id = %plan.job, task_type = &*plan.task_type)
}

/// The span of a run that could not begin: what is said in it is nobody's, also in tasks that are led to
/// it by their span alone. A filter that hides the spans of jobs may show those of frameworks, to which
/// the way would go on. So this one is as severe as what is said of such a run.
pub(super) fn nobody(task_type: &str) -> Span {
    let span = tracing::error_span!(target: JOB_TARGET, "job", task_type);
    attach(&span, Owner::Nobody);
    span
}

/// Whether it was told that progress is hidden.
static SAID: AtomicBool = AtomicBool::new(false);

/// Whether a filter that holds for all layers hides progress from ours. True once: to be told once is
/// enough.
pub(super) fn is_hidden(span: &Span) -> bool {
    span.is_disabled()
        && !SAID.load(Relaxed)
        && SPANS.get().is_some_and(|spans| (spans.is_here)())
        && !tracing::enabled!(target: crate::__private::PROGRESS_TARGET, tracing::Level::INFO)
        // In a callback of a subscriber, or without one, nothing is known.
        && !dispatcher::get_default(Dispatch::is::<NoSubscriber>)
        && is_news()
}

/// The Layer has seen that progress is hidden. True once.
pub(crate) fn is_news() -> bool {
    !SAID.swap(true, Relaxed)
}

/// A publisher is installed.
pub(crate) fn installed() {
    if let Some(spans) = SPANS.get() {
        (spans.look)();
    }
}

pub(super) fn trace(span: &Span) -> Option<Trace> {
    SPANS.get().and_then(|spans| (spans.trace)(span))
}

pub(super) fn attach(span: &Span, owner: Owner) {
    if let Some(spans) = SPANS.get() {
        (spans.attach)(span, owner);
    }
}

/// Whose the span is that the caller is in.
pub(super) fn whose() -> Whose {
    SPANS.get().map_or(Whose::Outside, |spans| (spans.whose)())
}

impl Owner {
    /// Of this job.
    #[must_use]
    pub fn of(job: &Job) -> Self {
        Self::Job(WeakJob::of(job))
    }

    /// Whose what is done in the span is.
    #[must_use]
    pub fn whose(&self) -> Whose {
        match self {
            Self::Job(job) => job.upgrade().map_or(Whose::Outside, Whose::Job),
            Self::Nobody => Whose::Nobody,
        }
    }
}

impl WeakJob {
    /// Of this job.
    #[must_use]
    pub fn of(job: &Job) -> Self {
        Self(Arc::downgrade(&job.0))
    }

    /// The job, where it has a handle still.
    #[must_use]
    pub fn upgrade(&self) -> Option<Job> {
        self.0.upgrade().map(Job)
    }

    /// Whether this is it.
    #[must_use]
    pub fn is_of(&self, job: &Job) -> bool {
        self.0.ptr_eq(&Arc::downgrade(&job.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Publisher;

    #[test]
    fn a_weak_job_is_of_all_handles_of_its_run_and_of_no_other() {
        let publisher = Publisher::connect("memory:weak").unwrap();
        let run = || publisher.job("job_001", "t").unwrap();
        let (first, second) = (run(), run());
        let (weak, other) = (WeakJob::of(&first), first.clone());
        drop(first);
        assert!(weak.is_of(&other));
        assert!(!weak.is_of(&second));
        drop(other);
        assert!(!weak.is_of(&second));
    }
}
