//! What a run's events have come to.

use crate::queue::Slots;
use crate::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

/// All of it changes under the lane's lock.
pub(crate) struct Marks {
    pub(crate) slots: Slots,
    ended: AtomicBool,
    shown_progress: AtomicBool,
    /// Events that found no room since the last one that did.
    missing: AtomicU64,
    next_seq: AtomicU64,
    /// All events before this seq are delivered.
    delivered: AtomicU64,
}

impl Marks {
    pub(super) fn new(has_slots: bool) -> Self {
        let slots = if has_slots {
            Slots::open()
        } else {
            Slots::none()
        };
        Self {
            slots,
            ended: AtomicBool::new(false),
            shown_progress: AtomicBool::new(false),
            missing: AtomicU64::new(0),
            next_seq: AtomicU64::new(0),
            delivered: AtomicU64::new(0),
        }
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.ended.load(Relaxed)
    }

    pub(crate) fn end(&self) {
        self.ended.store(true, Relaxed);
    }

    /// Whether this is the run's first progress, which is never coalesced. A heartbeat is not asked of.
    pub(crate) fn first_progress(&self) -> bool {
        // Looking costs less, and is enough but for the first.
        !self.shown_progress.load(Relaxed) && !self.shown_progress.swap(true, Relaxed)
    }

    pub(crate) fn add_missing(&self, events: u64) {
        self.missing.fetch_add(events, Relaxed);
    }

    pub(crate) fn take_missing(&self) -> u64 {
        match self.missing.load(Relaxed) {
            0 => 0,
            _ => self.missing.swap(0, Relaxed),
        }
    }

    /// The event of this seq is delivered, and so are all before it.
    pub(crate) fn deliver(&self, seq: u64) {
        self.delivered.store(seq + 1, Relaxed);
    }

    pub(crate) fn delivered(&self) -> u64 {
        self.delivered.load(Relaxed)
    }

    /// The seq that an event would have that came next.
    pub(crate) fn seq(&self) -> u64 {
        self.next_seq.load(Relaxed)
    }

    /// The seq of the run's next event, `missing` events after its last.
    pub(crate) fn next_seq(&self, missing: u64) -> u64 {
        self.next_seq.fetch_add(missing + 1, Relaxed) + missing
    }
}
