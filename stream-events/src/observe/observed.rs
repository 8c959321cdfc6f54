//! A job that is a future, seen to its end.

use std::any::Any;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use super::returns::{Judge, Returns};
use super::stage::{AtWork, Stage};
use super::start::Start;
use super::times::give_up;
use crate::job::{FailureKind, Worker};

/// Runs `job` as a run of its own, which begins where it is first polled and ends with it: however it
/// returns, also where it panics or is dropped.
#[inline]
pub fn observe<R, T, F: Future<Output = R>>(
    start: Start,
    judge: impl FnOnce(Returns<R>) -> Judge<R, T>,
    job: F,
) -> Observed<F, R, T> {
    Observed::new(start, judge(Returns::NEW), job)
}

/// Stands behind a `return` that is never taken, which tells the compiler what type the job returns.
pub fn never<R>() -> R {
    unreachable!("the condition before it is false")
}

pin_project! {
    /// A job at work. Not an `async fn`, which would hold the job twice: nested jobs would double at
    /// each level.
    #[must_use = "futures do nothing unless polled"]
    pub struct Observed<F, R, T> {
        stage: Stage,
        judge: Judge<R, T>,
        // None once it is done, where it was seen.
        #[pin]
        job: Option<F>,
    }

    impl<F, R, T> PinnedDrop for Observed<F, R, T> {
        fn drop(this: Pin<&mut Self>) {
            if !this.stage.is_unseen() {
                this.give_up();
            }
        }
    }
}

impl<F, R, T> Observed<F, R, T> {
    #[inline]
    pub(super) fn new(start: Start, judge: Judge<R, T>, job: F) -> Self {
        Self {
            stage: start.stage(),
            judge,
            job: Some(job),
        }
    }

    /// Where a job that has begun is dropped before it is done.
    fn give_up(self: Pin<&mut Self>) {
        let mut this = self.project();
        let Some(worker) = this.stage.end() else {
            return;
        };
        // What the job's own destructors say still comes before the end.
        worker.enter(|| this.job.set(None));
        if let Some(run) = worker.run() {
            run.cancel("the future was dropped before it was done");
        }
    }
}

impl<F: Future<Output = R>, R, T> Observed<F, R, T> {
    fn poll_seen(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<R> {
        let mut this = self.project();
        let AtWork { worker, times } = this.stage.begin();
        let (worker, judge) = (worker.as_ref(), this.judge);
        let run = worker.and_then(Worker::run);
        let job = &mut this.job;
        let mut poll = || {
            let polled = catch_unwind(AssertUnwindSafe(|| unended(job).poll(context)));
            if let Ok(Poll::Ready(returned)) = &polled {
                // What its destructors say, and the texts that its end is made of, is its own too.
                job.set(None);
                if let Some(run) = run {
                    judge.end(run, returned);
                }
            }
            polled
        };
        let polled = match worker {
            Some(worker) => worker.enter(poll),
            None => poll(),
        };
        let returned = match polled {
            Ok(Poll::Ready(returned)) => returned,
            Ok(Poll::Pending) => {
                // A job that is done in the same moment was in time.
                let elapsed = ready!(times.poll(run, context));
                let Some(timed_out) = judge.timed_out else {
                    return Poll::Pending;
                };
                give_up(worker, elapsed, &mut || job.set(None));
                timed_out(elapsed)
            }
            Err(panic) => {
                if let Some(run) = run {
                    run.fail(FailureKind::Panic, message(&*panic));
                }
                resume_unwind(panic)
            }
        };
        this.stage.end();
        Poll::Ready(returned)
    }
}

impl<F: Future<Output = R>, R, T> Future for Observed<F, R, T> {
    type Output = R;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<R> {
        if self.stage.is_unseen() {
            unended(&mut self.as_mut().project().job).poll(context)
        } else {
            self.poll_seen(context)
        }
    }
}

#[inline]
fn unended<'a, F>(job: &'a mut Pin<&mut Option<F>>) -> Pin<&'a mut F> {
    let job = job.as_mut().as_pin_mut();
    job.expect("a future is not polled after it is done")
}

/// What a panic says: `panic!` carries a text, one way or the other.
pub(super) fn message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("a panic without a message")
}
