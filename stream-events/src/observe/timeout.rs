//! `timeout` and `heartbeat`, as the attribute says them. A job that is not done in time is dropped, and
//! its caller gets the job's own error.

use std::time::Duration;

use super::returns::Judge;
use super::start::Start;
use super::times::SHORTEST_BEAT;
use crate::Elapsed;

/// An error that a caller can be given in place of a job's own.
#[diagnostic::on_unimplemented(
    message = "`timeout` gives the caller of this job its error, but `{Self}` has no `From<stream_events::Elapsed>`",
    label = "there is no error for a job that is not done in time",
    note = "write `impl From<stream_events::Elapsed>` for an error of your own, as `#[from] stream_events::Elapsed` of `thiserror` does; `std::io::Error` and boxed errors have it"
)]
pub trait TimesOut {
    /// The error of a job that was not done in time.
    fn timed_out(elapsed: Elapsed) -> Self;
}

impl<E: From<Elapsed>> TimesOut for E {
    fn timed_out(elapsed: Elapsed) -> Self {
        elapsed.into()
    }
}

/// What never holds of a return type that is no `Result`, and says why.
#[diagnostic::on_unimplemented(
    message = "`timeout` gives the caller of this job an error, but `{Self}` is no `Result`",
    label = "this has no error for a job that is not done in time",
    note = "return a `Result` whose error has `From<stream_events::Elapsed>`"
)]
pub trait FallibleReturn {
    /// What the caller gets.
    fn timed_out(elapsed: Elapsed) -> Self;
}

impl Start {
    /// Ends the run where it is not done after this long. Holds without a publisher too.
    pub fn timeout(mut self, after: Duration) -> Self {
        self.0.get_or_insert_default().asked.timeout = Some(after);
        self
    }

    /// Says where the job stands again, where nothing else was said for this long.
    pub fn heartbeat(mut self, every: Duration) -> Self {
        if let Some(begin) = &mut self.0 {
            begin.asked.heartbeat = Some(every.max(SHORTEST_BEAT));
        }
        self.with(|plan| plan.has_heartbeat = true)
    }
}

impl<T, E> Judge<Result<T, E>, T> {
    /// What the caller of a job gets that is not done in time.
    #[must_use]
    pub fn timeout(self) -> Self
    where
        E: TimesOut,
    {
        self.giving(|elapsed| Err(E::timed_out(elapsed)))
    }
}

impl<R> Judge<R, R> {
    /// A mistake.
    #[must_use]
    pub fn timeout(self) -> Self
    where
        R: FallibleReturn,
    {
        self.giving(R::timed_out)
    }
}
