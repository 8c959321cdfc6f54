//! `timeout`: a job that is not done in time is dropped, and its caller gets the job's own error.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::Sleep;

use super::returns::Judge;
use super::start::Start;
use crate::Elapsed;
use crate::timer;

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
    /// Ends the run where it is not done after this long.
    pub fn timeout(mut self, after: Duration) -> Self {
        self.timeout = Some(after);
        self
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

/// When a job has to be done, counted from where it is first polled.
pub(super) struct Deadline<R>(Option<Armed<R>>);

struct Armed<R> {
    sleep: Pin<Box<Sleep>>,
    late: Late<R>,
}

/// What there is to say of a job that is late.
pub(super) struct Late<R> {
    pub(super) elapsed: Elapsed,
    returned: fn(Elapsed) -> R,
}

impl<R> Deadline<R> {
    pub(super) const NONE: Self = Self(None);

    /// None either where there is nobody to tell the time.
    pub(super) fn new<T>(timeout: Option<Duration>, judge: &Judge<R, T>) -> Self {
        let armed = timeout.zip(judge.timed_out).and_then(|(after, returned)| {
            let sleep = Box::pin(timer::sleep(after)?);
            let elapsed = Elapsed::new(after);
            let late = Late { elapsed, returned };
            Some(Armed { sleep, late })
        });
        Self(armed)
    }

    /// Whether the job is late, to be asked once it has been polled: one that is done is not.
    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Poll<Late<R>> {
        let Some(armed) = &mut self.0 else {
            return Poll::Pending;
        };
        ready!(armed.sleep.as_mut().poll(context));
        self.0
            .take()
            .map_or(Poll::Pending, |armed| Poll::Ready(armed.late))
    }
}

impl<R> Late<R> {
    /// What its caller gets.
    pub(super) fn returned(self) -> R {
        (self.returned)(self.elapsed)
    }
}
