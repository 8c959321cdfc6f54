//! The room that an event takes while it waits.

use super::Draft;
use crate::event::{EventType, cut};
use crate::job::BEATS;
use crate::queue::room::{self, Room};

impl Draft {
    /// Finds room, be it one of the run's slots. What does not fit into that comes without its
    /// fields.
    pub(in crate::queue) fn find_room(&mut self, room: &Room) -> bool {
        if self.is_paid || room.claim(self.cost) {
            self.is_paid = true;
        } else if self.may_have_a_slot() && self.run.marks.slots.take() {
            self.keep_to(room::SLOT);
            self.cost = room::SLOT;
            (self.is_paid, self.has_slot) = (true, true);
        }
        self.is_paid
    }

    /// Progress that nobody awaits. A heartbeat would take what the first and the newest are to find.
    pub(super) fn may_have_a_slot(&self) -> bool {
        let is_progress = self.event_type == EventType::TaskProgress && self.waiter.is_none();
        is_progress && self.coalesces != Some(BEATS)
    }

    /// Stands for an earlier event, in the room that it had. Where this one needs more and there is
    /// none, it comes without its fields: the newest always comes.
    pub(in crate::queue) fn take_the_place_of(&mut self, earlier: &Self, room: &Room) {
        self.coalesced += earlier.coalesced + 1;
        self.missing += earlier.missing;
        self.is_paid = true;
        if earlier.has_slot {
            if room.claim(self.cost) {
                room.release(earlier.freed());
            } else {
                self.keep_to(earlier.cost);
                (self.cost, self.has_slot) = (earlier.cost, true);
            }
        } else if self.cost <= earlier.cost {
            room.release(earlier.cost - self.cost);
        } else if !room.claim(self.cost - earlier.cost) {
            self.keep_to(earlier.cost);
        }
    }

    /// Comes without its fields where it has more than this.
    fn keep_to(&mut self, bytes: usize) {
        if self.cost > bytes {
            self.text = cut::note(self.text.len());
            self.cost = bytes;
        }
    }

    /// Is not taken in: a hole before whatever comes of its run after it.
    pub(in crate::queue) fn refused(&self, room: &Room) {
        room.release(self.freed());
        self.run.marks.add_missing(1);
    }

    /// What it gives back to the room of all; a slot goes to its run, as long as that has use for it.
    pub(in crate::queue) fn freed(&self) -> usize {
        let is_free = self.is_paid && !(self.has_slot && self.run.marks.slots.give_back());
        if is_free { self.cost } else { 0 }
    }
}
