//! What the queue keeps free for a run from its start on: room for its end and for its slots.

use crate::sync::atomic::Ordering::SeqCst;

use super::room::{self, EndRoom};
use super::{Queue, Slots};

impl Queue {
    pub(crate) fn limit(&self) -> usize {
        self.room.limit()
    }

    #[cfg(test)]
    pub(crate) fn used(&self) -> usize {
        self.room.used()
    }

    /// Keeps room free for a run's end, of so many bytes, and for its [`Slots`]; none where there is
    /// not even that. [`run_is_over`](Self::run_is_over) has to follow.
    pub(crate) fn reserve_run(&self) -> Option<usize> {
        self.unended.fetch_add(1, SeqCst);
        let reserved = self.room.reserve_run();
        if reserved.is_none() {
            self.run_is_over();
        }
        reserved
    }

    /// Gives back what was kept for a run that ends without an end.
    pub(crate) fn release_run(&self, reserved: usize, slots: &Slots) {
        self.room.release(reserved + slots.close() * room::SLOT);
        self.run_is_over();
    }

    /// No end is to come any more of a run that had room kept for it.
    pub(crate) fn run_is_over(&self) {
        self.unended.fetch_sub(1, SeqCst);
        // The worker that waits for the last of them has closed the queue before it looked.
        if self.closed.load(SeqCst) && !self.process.is_left() {
            self.bell.ring();
        }
    }

    /// Whether ends are to come of runs that have begun, for which the worker stays. They come soon once
    /// the runs are cut short.
    pub(crate) fn awaits_ends(&self) -> bool {
        self.unended.load(SeqCst) > 0
    }

    /// The room for a run's end whose text has `size` bytes. Nothing comes after it.
    pub(crate) fn end_room(&self, size: usize, reserved: usize, slots: &Slots) -> EndRoom {
        self.room.release(slots.close() * room::SLOT);
        self.room.for_end(size, reserved)
    }
}
