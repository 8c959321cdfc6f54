//! The span of each run, so that log lines tell their job, and the way back: from a span to its job.
//! That one leads through the Layer, which knows the span tree.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{OnceLock, Weak};

use tracing::subscriber::NoSubscriber;
use tracing::{Dispatch, Span, dispatcher};

use super::plan::Plan;
use super::{Handle, Job};
use crate::event::Trace;

/// The target of the spans of runs.
pub const JOB_TARGET: &str = "stream_events::job";

/// What a Layer does with spans.
#[derive(Debug)]
#[expect(clippy::exhaustive_structs, reason = "the Layer makes it")]
pub struct Spans {
    /// The job of the current span, or of the nearest around it that has one.
    pub job: fn() -> Option<Job>,
    /// Has this run's span know its job.
    pub attach: fn(&Span, WeakJob),
    /// What OpenTelemetry calls the span, where it is there.
    pub trace: fn(&Span) -> Option<Trace>,
    /// A publisher is there: somebody can be told what filters hide.
    pub look: fn(),
}

/// A job as its span holds it: a span may be kept for longer than the job is at work.
#[derive(Debug, Clone)]
pub struct WeakJob(Weak<Handle>);

static SPANS: OnceLock<Spans> = OnceLock::new();

/// A Layer is there from now on. Of several in one process all do the same.
pub fn hear(spans: Spans) {
    let _ = SPANS.set(spans);
}

/// The span of a run that is about to begin.
pub(super) fn open(plan: &Plan) -> Span {
    tracing::info_span!(target: JOB_TARGET, "job", job_id = %plan.job, task_type = &*plan.task_type)
}

/// The span of a run that could not begin: what is said in it is nobody's, also where it is heard of
/// by the Layer alone.
pub(super) fn nobody(task_type: &str) -> Span {
    let span = tracing::info_span!(target: JOB_TARGET, "job", task_type);
    attach(&span, WeakJob(Weak::new()));
    span
}

/// Whether it was told that progress is hidden.
static SAID: AtomicBool = AtomicBool::new(false);

/// Whether a filter that holds for all layers hides progress from ours. True once: to be told once is
/// enough.
pub(super) fn is_hidden(span: &Span) -> bool {
    span.is_disabled()
        && SPANS.get().is_some()
        && !SAID.load(Relaxed)
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

pub(super) fn attach(span: &Span, job: WeakJob) {
    if let Some(spans) = SPANS.get() {
        (spans.attach)(span, job);
    }
}

/// The job of the span that the caller is in.
pub(super) fn current() -> Option<Job> {
    SPANS.get().and_then(|spans| (spans.job)())
}

impl WeakJob {
    /// Of this job.
    #[must_use]
    pub fn of(job: &Job) -> Self {
        Self(std::sync::Arc::downgrade(&job.0))
    }

    /// The job, where it has a handle still.
    #[must_use]
    pub fn upgrade(&self) -> Option<Job> {
        self.0.upgrade().map(Job)
    }
}
