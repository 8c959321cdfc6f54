//! A job that is an ordinary call, and one whose call only makes the future that is the job: told
//! apart by what the call returns.

use std::future::Future;
use std::marker::PhantomData;
use std::ops::Deref;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;

use futures_util::Stream;

use super::observed::{Observed, message};
use super::returns::{Judge, Returns};
use super::start::Start;
use crate::job::FailureKind;

/// A future whose end could be seen. None is: those that can be wrapped are found before it is asked.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is a future that the run of this job cannot follow",
    label = "the run would end before this is done",
    note = "make it an `async fn` that awaits this, or return `impl Future<Output = ..>` or `Pin<Box<dyn Future<Output = ..>>>`"
)]
pub trait Followed {}

/// A stream whose end could be seen. None is.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is a stream, and a job ends with a result",
    label = "the run would end before the first item of this",
    note = "put `#[job_events]` on the function that takes the items, or that sends them"
)]
pub trait FollowedStream {}

/// The body of a function that is not `async`, for the compiler to see that it is called once.
pub fn body<R, F: FnOnce() -> R>(body: F) -> F {
    body
}

/// Sees the future that a function's body makes to its end. That it is one is asked where the caller
/// is told so: at the function's own return type.
pub fn follow<R, T, F>(
    start: Start,
    judge: impl FnOnce(Returns<R>) -> Judge<R, T>,
    body: impl FnOnce() -> F,
) -> Observed<F, R, T> {
    Observed::new(start, judge(Returns::NEW), body())
}

/// Picks how a call is seen to its end by what it returns: the first of these types whose `call` fits
/// is taken. This one has the futures that can be wrapped and still be what the caller awaits.
pub struct Shape<R>(Futures<R>);

/// A return type that is a future of a type of its own.
pub struct Futures<R>(Streams<R>);

/// A return type that is a stream.
pub struct Streams<R>(Values<R>);

/// Any other return type: once it is there, the work is done.
pub struct Values<R>(PhantomData<fn() -> R>);

impl<R> Shape<R> {
    /// That of this body.
    pub fn of<F: FnOnce() -> R>(_: &F) -> Self {
        Self(Futures(Streams(Values(PhantomData))))
    }
}

macro_rules! boxed {
    ($($future:ty),*) => {$(
        impl<'a, T> Shape<Pin<Box<$future>>> {
            /// Makes the future, whose run begins where it is first polled.
            pub fn call<V>(
                self,
                start: Start,
                judge: impl FnOnce(Returns<T>) -> Judge<T, V>,
                body: impl FnOnce() -> Pin<Box<$future>>,
            ) -> Pin<Box<$future>>
            where
                T: 'a,
                V: 'a,
            {
                Box::pin(follow(start, judge, body))
            }
        }
    )*};
}

boxed!(
    dyn Future<Output = T> + 'a,
    dyn Future<Output = T> + Send + 'a,
    dyn Future<Output = T> + Send + Sync + 'a
);

impl<F: Future, E> Shape<Result<F, E>> {
    /// Refused.
    pub fn call<J>(
        self,
        _: Start,
        _: impl FnOnce(Returns<Result<F, E>>) -> J,
        body: impl FnOnce() -> Result<F, E>,
    ) -> Result<F, E>
    where
        F: Followed,
    {
        body()
    }
}

impl<F: Future> Futures<F> {
    /// Refused.
    pub fn call<J>(&self, _: Start, _: impl FnOnce(Returns<F>) -> J, body: impl FnOnce() -> F) -> F
    where
        F: Followed,
    {
        body()
    }
}

impl<S: Stream> Streams<S> {
    /// Refused.
    pub fn call<J>(&self, _: Start, _: impl FnOnce(Returns<S>) -> J, body: impl FnOnce() -> S) -> S
    where
        S: FollowedStream,
    {
        body()
    }
}

impl<R> Values<R> {
    /// Calls the body as a run.
    pub fn call<T>(
        &self,
        start: Start,
        judge: impl FnOnce(Returns<R>) -> Judge<R, T>,
        body: impl FnOnce() -> R,
    ) -> R {
        judge(Returns::NEW).call(start, body)
    }
}

impl<R, T> Judge<R, T> {
    /// Runs `body` as a run of its own, which ends where it returns or panics.
    pub fn call(self, start: Start, body: impl FnOnce() -> R) -> R {
        let Some(worker) = start.begin() else {
            return body();
        };
        let called = worker.enter(|| {
            let called = catch_unwind(AssertUnwindSafe(body));
            // The texts that its end is made of are its own, too.
            if let (Some(run), Ok(returned)) = (worker.run(), &called) {
                self.end(run, returned);
            }
            called
        });
        called.unwrap_or_else(|panic| {
            if let Some(run) = worker.run() {
                run.fail(FailureKind::Panic, message(&*panic));
            }
            resume_unwind(panic)
        })
    }
}

impl<R> Deref for Shape<R> {
    type Target = Futures<R>;

    fn deref(&self) -> &Futures<R> {
        &self.0
    }
}

impl<R> Deref for Futures<R> {
    type Target = Streams<R>;

    fn deref(&self) -> &Streams<R> {
        &self.0
    }
}

impl<R> Deref for Streams<R> {
    type Target = Values<R>;

    fn deref(&self) -> &Values<R> {
        &self.0
    }
}
