//! What a time can be set for: a job that waits, and hands its thread back while it does.

use std::future::Future;

use super::call::{Shape, Values};

/// What never holds of the return type of a mere call, and says why.
#[diagnostic::on_unimplemented(
    message = "`timeout` and `heartbeat` are for a job that waits, and this one is a call that returns `{Self}`",
    label = "nothing can be done beside a call",
    note = "make it an `async fn`, or return a future"
)]
pub trait Waits {}

impl<R: Future> Shape<R> {
    /// It does.
    pub fn waits(&self) {}
}

impl<R> Values<R> {
    /// A mistake.
    pub fn waits(&self)
    where
        R: Waits,
    {
    }
}
