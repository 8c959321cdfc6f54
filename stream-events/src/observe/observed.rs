//! A job that is a future, seen to its end.

use std::any::Any;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use super::returns::{Judge, Returns};
use super::start::Start;
use super::times::{Times, give_up};
use crate::job::{FailureKind, Worker};

/// Runs `job` as a run of its own, which begins where it is first polled and ends with it: however it
/// returns, also where it panics or is dropped.
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
        // None once it was polled.
        start: Option<Start>,
        worker: Option<Worker>,
        times: Times,
        judge: Judge<R, T>,
        // None once it is done.
        #[pin]
        job: Option<F>,
    }

    impl<F, R, T> PinnedDrop for Observed<F, R, T> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            let Some(worker) = this.worker.take() else { return };
            // What the job's own destructors say still comes before the end.
            worker.enter(|| this.job.set(None));
            if let Some(run) = worker.run() {
                run.cancel("the future was dropped before it was done");
            }
        }
    }
}

impl<F, R, T> Observed<F, R, T> {
    pub(super) fn new(start: Start, judge: Judge<R, T>, job: F) -> Self {
        Self {
            start: Some(start),
            worker: None,
            times: Times::default(),
            judge,
            job: Some(job),
        }
    }
}

impl<F: Future<Output = R>, R, T> Future for Observed<F, R, T> {
    type Output = R;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<R> {
        let mut this = self.project();
        let job = this
            .job
            .as_mut()
            .as_pin_mut()
            .expect("a future is not polled after it is done");
        if let Some(start) = this.start.take() {
            (*this.worker, *this.times) = Times::begin(start);
        }
        let worker = this.worker.as_ref();
        let run = worker.and_then(Worker::run);
        let polled = match worker {
            Some(worker) => worker.enter(|| catch_unwind(AssertUnwindSafe(|| job.poll(context)))),
            None => Ok(job.poll(context)),
        };
        match polled {
            Ok(Poll::Pending) => {
                // A job that is done in the same moment was in time.
                let elapsed = ready!(this.times.poll(run, context));
                let Some(timed_out) = this.judge.timed_out else {
                    return Poll::Pending;
                };
                give_up(worker, elapsed, &mut || this.job.set(None));
                Poll::Ready(timed_out(elapsed))
            }
            Ok(Poll::Ready(returned)) => {
                if let Some(worker) = worker {
                    // What its destructors say, and the texts that its end is made of, is its own too.
                    worker.enter(|| {
                        this.job.set(None);
                        if let Some(run) = run {
                            this.judge.end(run, &returned);
                        }
                    });
                }
                Poll::Ready(returned)
            }
            Err(panic) => {
                if let Some(run) = run {
                    run.fail(FailureKind::Panic, message(&*panic));
                }
                resume_unwind(panic)
            }
        }
    }
}

/// What a panic says: `panic!` carries a text, one way or the other.
pub(super) fn message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("a panic without a message")
}
