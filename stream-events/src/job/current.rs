//! The job that the code on this thread works for, just now.

use std::future::Future;

use tracing::Instrument;

use super::{Job, spans};

tokio::task_local! {
    static CURRENT: Job;
}

/// Polls `future` as part of `job`, and drops it as part of it too.
pub(crate) fn scope<F: Future>(job: Job, future: F) -> impl Future<Output = F::Output> + use<F> {
    let future = future.instrument(job.0.span.clone());
    CURRENT.scope(job, future)
}

/// Runs this, which does not wait, as part of `job`.
pub(crate) fn enter<R>(job: &Job, run: impl FnOnce() -> R) -> R {
    let mut returned = None;
    let mut run = Some(run);
    enter_dyn(job, &mut || returned = run.take().map(|run| run()));
    returned.expect("what is entered runs, or panics")
}

/// Compiled once, and not for each annotated function: that is most of what one adds to a build.
fn enter_dyn(job: &Job, run: &mut dyn FnMut()) {
    CURRENT.sync_scope(job.clone(), || job.0.span.in_scope(run));
}

/// The job in whose scope this is called; none outside of any.
pub(crate) fn scoped() -> Option<Job> {
    CURRENT.try_with(Job::clone).ok()
}

/// The same, or else that of the current span: a hundred times as far to look.
pub(crate) fn current() -> Option<Job> {
    scoped().or_else(spans::current)
}
