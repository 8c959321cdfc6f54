//! How far a job has come that is a future.

use super::start::Begin;
use super::times::Times;
use crate::job::Worker;

/// What a job that is polled looks at first: one that nobody sees is the user's own future and a branch.
pub(super) enum Stage {
    /// There is nothing to be seen of it, or not any more.
    Unseen,
    /// It was not polled yet.
    Start(Box<Begin>),
    AtWork(AtWork),
}

/// A job that was polled.
#[derive(Default)]
pub(super) struct AtWork {
    /// None where there is no publisher.
    pub(super) worker: Option<Worker>,
    pub(super) times: Times,
}

impl Stage {
    #[inline]
    pub(super) fn is_unseen(&self) -> bool {
        matches!(self, Self::Unseen)
    }

    /// A job is polled, be it for the first time.
    pub(super) fn begin(&mut self) -> &mut AtWork {
        if !matches!(self, Self::AtWork(_)) {
            let begun = match std::mem::replace(self, Self::Unseen) {
                Self::Start(start) => Times::begin(*start),
                Self::Unseen | Self::AtWork(_) => AtWork::default(),
            };
            *self = Self::AtWork(begun);
        }
        let Self::AtWork(at_work) = self else {
            unreachable!("it is at work by now");
        };
        at_work
    }

    /// There is nothing to be seen of it from now on.
    pub(super) fn end(&mut self) -> Option<Worker> {
        match std::mem::replace(self, Self::Unseen) {
            Self::AtWork(at_work) => at_work.worker,
            Self::Unseen | Self::Start(_) => None,
        }
    }
}
