//! What a job's return value says of how the run ended: decided by its type, not by the type's
//! name.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;
use std::panic::{AssertUnwindSafe, catch_unwind};

use serde::Serialize;

use super::chain::Holds;
use crate::Elapsed;
use crate::event::value;
use crate::job::{FailureKind, Job};

/// An error whose text goes into `task_failed`.
#[diagnostic::on_unimplemented(
    message = "the error `{Self}` of this job does not implement `Display`",
    label = "this job's error has no text for `task_failed`",
    note = "implement `Display` for it, or write `err(Debug)` in `#[job_events(..)]`"
)]
pub trait ErrorDisplay {
    /// The text.
    fn text(&self) -> String;
}

impl<E: fmt::Display> ErrorDisplay for E {
    fn text(&self) -> String {
        value::text(self)
    }
}

/// A result that `ret` records.
#[diagnostic::on_unimplemented(
    message = "`ret` records the result of this job, but `{Self}` does not implement `serde::Serialize`",
    label = "this job's result cannot be recorded",
    note = "derive `serde::Serialize` for it, or leave out `ret`"
)]
pub trait ResultSerialize {
    /// Ends the run with this result, or with a head of it of so many bytes.
    fn complete(&self, job: &Job, most: usize);
}

impl<T: Serialize> ResultSerialize for T {
    fn complete(&self, job: &Job, most: usize) {
        job.completed_within(self, most);
    }
}

/// Tells from a job's return value how its run ended; `T` is what a success carries.
pub struct Judge<R, T> {
    split: fn(&R) -> Result<&T, String>,
    complete: fn(&T, &Job, usize),
    /// Bytes of a result at most.
    most: usize,
    /// What the caller of a job gets that was not done in time.
    pub(super) timed_out: Option<fn(Elapsed) -> R>,
}

impl<R, T> Judge<R, T> {
    pub(super) fn new(split: fn(&R) -> Result<&T, String>) -> Self {
        Self {
            split,
            complete: |_, job, _| job.completed(&()),
            most: crate::MAX_PAYLOAD,
            timed_out: None,
        }
    }

    /// Records what a success carries.
    #[must_use]
    pub fn ret(self) -> Self
    where
        T: ResultSerialize,
    {
        Self {
            complete: T::complete,
            ..self
        }
    }

    /// The same, or a head of it where it has more bytes than that.
    #[must_use]
    pub fn ret_within(self, most: usize) -> Self
    where
        T: ResultSerialize,
    {
        Self { most, ..self.ret() }
    }

    /// The same, with what the caller gets of a job that was not done in time.
    pub(super) fn giving(self, timed_out: fn(Elapsed) -> R) -> Self {
        Self {
            timed_out: Some(timed_out),
            ..self
        }
    }

    /// The user's own `Display` may panic: the job has returned by then, and its caller gets what
    /// it returned.
    pub(super) fn end(&self, job: &Job, returned: &R) {
        let split = catch_unwind(AssertUnwindSafe(|| (self.split)(returned)));
        match split.unwrap_or_else(|_| Err("an error whose text panics".to_owned())) {
            Ok(value) => (self.complete)(value, job, self.most),
            Err(error) => job.fail(FailureKind::Error, &error),
        }
    }
}

/// Judges any return value a success.
pub fn plain<R>() -> Judge<R, R> {
    Judge::new(|returned| Ok(returned))
}

/// Picks the judge for a return type: the methods for `Result` are found first, those of [`Plain`]
/// for all else. In between are those that read the causes of an error.
pub struct Returns<R>(Holds<R>);

/// A return type that is no `Result`.
pub struct Plain<R>(PhantomData<fn() -> R>);

impl<R> Returns<R> {
    /// To call a method on.
    pub const NEW: Self = Self(Holds::NEW);
}

impl<T, E> Returns<Result<T, E>> {
    /// An error is recorded by its `Display`.
    #[must_use]
    pub fn display(self) -> Judge<Result<T, E>, T>
    where
        E: ErrorDisplay,
    {
        Judge::new(|returned| returned.as_ref().map_err(E::text))
    }

    /// An error is recorded by its `Debug`.
    #[must_use]
    pub fn debug(self) -> Judge<Result<T, E>, T>
    where
        E: fmt::Debug,
    {
        Judge::new(|returned| returned.as_ref().map_err(value::debug))
    }
}

impl<R> Deref for Returns<R> {
    type Target = Holds<R>;

    fn deref(&self) -> &Holds<R> {
        &self.0
    }
}

impl<R> Plain<R> {
    pub(super) const NEW: Self = Self(PhantomData);

    /// A success.
    #[must_use]
    pub fn display(&self) -> Judge<R, R> {
        plain()
    }

    /// A success.
    #[must_use]
    pub fn debug(&self) -> Judge<R, R> {
        plain()
    }
}
