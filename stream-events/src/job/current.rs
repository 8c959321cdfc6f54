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

/// The job in whose scope this is called; none outside of any.
pub(crate) fn current() -> Option<Job> {
    CURRENT.try_with(Job::clone).ok()
}
