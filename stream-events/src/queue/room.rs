//! The bytes that a queue may hold.

use super::slots;
use crate::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// What an event costs beside its text: itself, and what is written around the text.
pub(super) const EVENT_OVERHEAD: usize = 512;
/// What is kept free for the end of each run.
const END: usize = 1024;
/// What is kept free for its first progress, and twice for its newest.
pub(super) const SLOT: usize = 1024;
const SLOTS: usize = slots::COUNT as usize * SLOT;

#[derive(Debug)]
pub(super) struct Room {
    limit: usize,
    used: AtomicUsize,
}

/// What an end may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct EndRoom {
    /// Bytes of text at most.
    pub(crate) text: usize,
    /// Bytes that it has been given; none where it has to find them like any event.
    pub(crate) paid: Option<usize>,
}

impl Room {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            limit,
            used: AtomicUsize::new(0),
        }
    }

    pub(super) fn limit(&self) -> usize {
        self.limit
    }

    #[cfg(test)]
    pub(super) fn used(&self) -> usize {
        self.used.load(Relaxed)
    }

    /// Takes room, where there is that much.
    pub(super) fn claim(&self, bytes: usize) -> bool {
        let within = |used: usize| used.checked_add(bytes).filter(|used| *used <= self.limit);
        self.used.fetch_update(Relaxed, Relaxed, within).is_ok()
    }

    pub(super) fn release(&self, bytes: usize) {
        self.used.fetch_sub(bytes, Relaxed);
    }

    /// Whether progress has to make room for what cannot be coalesced.
    pub(super) fn is_pressed(&self) -> bool {
        self.used.load(Relaxed) > self.limit / 2
    }

    /// Room for a run's end, of so many bytes, and for its slots.
    pub(super) fn reserve_run(&self) -> Option<usize> {
        self.claim(END + SLOTS).then_some(END)
    }

    /// An end takes what was reserved for it, and more if there is more.
    pub(super) fn for_end(&self, size: usize, reserved: usize) -> EndRoom {
        let cost = EVENT_OVERHEAD + size;
        if reserved == 0 {
            return EndRoom {
                text: size,
                paid: None,
            };
        }
        if cost <= reserved {
            self.release(reserved - cost);
            return EndRoom {
                text: size,
                paid: Some(cost),
            };
        }
        if self.claim(cost - reserved) {
            return EndRoom {
                text: size,
                paid: Some(cost),
            };
        }
        EndRoom {
            text: reserved - EVENT_OVERHEAD,
            paid: Some(reserved),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_is_claimed_than_there_is() {
        let room = Room::new(1000);
        assert!(room.claim(600) && room.is_pressed());
        assert!(!room.claim(401) && room.claim(400) && !room.claim(1));
        room.release(1000);
        assert!(room.claim(1000) && !room.claim(usize::MAX));
    }

    #[test]
    fn an_end_finds_the_room_that_was_kept_for_it() {
        let room = Room::new(4 * (END + SLOTS));
        let reserved = room.reserve_run().unwrap();
        let small = Room::new(END + SLOTS);
        let alone = small.reserve_run().unwrap();
        assert_eq!(small.reserve_run(), None);
        assert_eq!(
            small.for_end(10_000, alone),
            EndRoom {
                text: END - EVENT_OVERHEAD,
                paid: Some(END)
            }
        );
        assert_eq!(
            room.for_end(10, reserved),
            EndRoom {
                text: 10,
                paid: Some(EVENT_OVERHEAD + 10)
            }
        );
        assert_eq!(room.used.load(Relaxed), SLOTS + EVENT_OVERHEAD + 10);
        assert_eq!(
            room.for_end(10, 0),
            EndRoom {
                text: 10,
                paid: None
            }
        );
    }
}
