//! Room for a run's first and newest progress, kept however full the queue is.

use crate::sync::atomic::{AtomicU8, Ordering::Relaxed};

/// A run's slots, each of [`SLOT`](super::room::SLOT) bytes. They go back to the queue when the run
/// ends: those that are free at once, the others with the events that have them.
#[derive(Debug)]
pub(crate) struct Slots(AtomicU8);

/// One for the first progress, one for the newest of what is on its way, one for the newest of what
/// waits for that.
pub(super) const COUNT: u8 = 3;
const CLOSED: u8 = u8::MAX;

impl Slots {
    pub(crate) fn open() -> Self {
        Self(AtomicU8::new(COUNT))
    }

    /// Of a run that the queue keeps no room for.
    pub(crate) fn none() -> Self {
        Self(AtomicU8::new(CLOSED))
    }

    pub(super) fn take(&self) -> bool {
        let fewer = |free: u8| free.checked_sub(1).filter(|_| free != CLOSED);
        self.0.fetch_update(Relaxed, Relaxed, fewer).is_ok()
    }

    /// Says whether the run still has use for it.
    pub(super) fn give_back(&self) -> bool {
        let more = |free: u8| (free != CLOSED).then(|| free + 1);
        self.0.fetch_update(Relaxed, Relaxed, more).is_ok()
    }

    /// Says how many were free.
    pub(super) fn close(&self) -> usize {
        match self.0.swap(CLOSED, Relaxed) {
            CLOSED => 0,
            free => free.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_slot_is_lost_or_doubled() {
        let slots = Slots::open();
        assert!((0..COUNT).all(|_| slots.take()) && !slots.take());
        assert!(slots.give_back());
        assert_eq!(slots.close(), 1);
        assert_eq!(slots.close(), 0);
        assert!(!slots.give_back(), "it is the queue's now");
        assert!(!slots.take() && !Slots::none().take());
    }
}
