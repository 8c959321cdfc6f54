//! What a time can be set for: a job that waits, and hands its thread back while it does. One trait for
//! each argument, so that what the compiler says names the one that was written.

use std::future::Future;

use super::call::{Shape, Values};

/// What never holds of the return type of a mere call, and says why.
#[diagnostic::on_unimplemented(
    message = "`timeout` is for a job that waits, and this one is a call that returns `{Self}`",
    label = "nothing can be done beside a call",
    note = "make it an `async fn`, or return a future"
)]
pub trait TimeoutWaits {}

/// The same of a heartbeat.
#[diagnostic::on_unimplemented(
    message = "`heartbeat` is for a job that waits, and this one is a call that returns `{Self}`",
    label = "nothing can be done beside a call",
    note = "make it an `async fn`, or return a future"
)]
pub trait HeartbeatWaits {}

impl<R: Future> Shape<R> {
    /// It does.
    pub fn timeout_waits(&self) {}

    /// It does.
    pub fn heartbeat_waits(&self) {}
}

impl<R> Values<R> {
    /// A mistake.
    pub fn timeout_waits(&self)
    where
        R: TimeoutWaits,
    {
    }

    /// A mistake.
    pub fn heartbeat_waits(&self)
    where
        R: HeartbeatWaits,
    {
    }
}
