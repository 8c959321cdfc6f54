//! An event that waits.

use std::sync::Arc;

use super::room::{self, Room};
use super::waiter::Waiter;
use crate::event::{EventType, Timestamp, cut};
use crate::job::Run;

/// An event on its way: its own fields as they were written at the call, the rest made when it is
/// sent.
#[derive(Debug)]
pub(crate) struct Draft {
    pub(crate) run: Arc<Run>,
    pub(crate) event_type: EventType,
    pub(crate) at: Timestamp,
    /// The event's own fields, as [`Fields::into_text`](crate::Fields) gives them.
    pub(crate) text: Vec<u8>,
    /// Earlier progress that this event stands for.
    pub(crate) coalesced: u64,
    /// Its number within the run, given when it leaves the queue.
    pub(crate) seq: u64,
    pub(super) waiter: Option<Arc<Waiter>>,
    /// Events of the run that were dropped between the one before and this.
    pub(super) missing: u64,
    /// Its place in the lane, by which a flush knows that it is gone.
    pub(super) index: u64,
    pub(super) cost: usize,
    pub(super) is_paid: bool,
    pub(super) may_coalesce: bool,
}

impl Draft {
    pub(crate) fn new(
        run: &Arc<Run>,
        event_type: EventType,
        text: Vec<u8>,
        waiter: Option<Arc<Waiter>>,
    ) -> Self {
        let is_progress = event_type == EventType::TaskProgress;
        Self {
            may_coalesce: is_progress && !run.marks.first_progress() && waiter.is_none(),
            cost: room::EVENT_OVERHEAD + text.len(),
            run: Arc::clone(run),
            at: Timestamp::now(),
            event_type,
            text,
            waiter,
            coalesced: 0,
            seq: 0,
            missing: 0,
            index: 0,
            is_paid: false,
        }
    }

    /// Has its room already, of this many bytes; none means that it has yet to find it.
    pub(crate) fn paid(mut self, bytes: Option<usize>) -> Self {
        if let Some(bytes) = bytes {
            self.cost = bytes;
            self.is_paid = true;
        }
        self
    }

    /// Whether the event starts the run, as far as this process knows.
    pub(crate) fn opens(&self) -> bool {
        self.seq == 0
    }

    /// Whether the event ends the run.
    pub(crate) fn ends(&self) -> bool {
        matches!(
            self.event_type,
            EventType::TaskCompleted | EventType::TaskFailed
        )
    }

    /// Whether the worker is woken for it: someone may wait for anything but progress.
    pub(super) fn is_urgent(&self) -> bool {
        self.event_type != EventType::TaskProgress || self.waiter.is_some()
    }

    /// Stands for an earlier event, in the room that it had. Where this one needs more and there is
    /// none, it comes without its fields: the newest always comes.
    pub(super) fn take_the_place_of(&mut self, earlier: &Self, room: &Room) {
        self.coalesced += earlier.coalesced + 1;
        self.missing += earlier.missing;
        if self.cost <= earlier.cost {
            room.release(earlier.cost - self.cost);
        } else if !room.claim(self.cost - earlier.cost) {
            self.text = cut::note(self.text.len());
            self.cost = earlier.cost;
        }
    }

    pub(super) fn give_back(&self, room: &Room) {
        if self.is_paid {
            room.release(self.cost);
        }
    }
}
