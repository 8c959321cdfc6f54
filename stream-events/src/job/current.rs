//! The job that the code on this thread works for, just now.

use std::future::Future;

use super::Job;

tokio::task_local! {
    static CURRENT: Job;
}

/// Polls `future` as part of `job`, and drops it as part of it too.
pub(crate) fn scope<F: Future>(job: Job, future: F) -> impl Future<Output = F::Output> + use<F> {
    CURRENT.scope(job, future)
}

/// Runs this, which does not wait, as part of `job`.
pub(crate) fn enter<R>(job: &Job, run: impl FnOnce() -> R) -> R {
    CURRENT.sync_scope(job.clone(), run)
}

/// The job in whose scope this is called; none outside of any.
pub(crate) fn current() -> Option<Job> {
    CURRENT.try_with(Job::clone).ok()
}
