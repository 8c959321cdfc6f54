//! How a run ends.

use std::sync::Arc;

use serde::Serialize;

use super::Run;
use crate::event::{EventType, Fields};
use crate::job::FailureKind;
use crate::queue::{Draft, Waiter};
use crate::stats::Reason;
use crate::sync::atomic::Ordering::Relaxed;

impl Run {
    /// Ends the run well.
    pub(crate) fn complete<T: Serialize + ?Sized>(
        self: &Arc<Self>,
        result: &T,
        fields: &Fields,
        waiter: Option<Arc<Waiter>>,
    ) -> Result<(), Reason> {
        let own = Fields::new().own("result", result);
        self.end(EventType::TaskCompleted, own, fields, waiter)
    }

    /// Ends the run well, with so many bytes of its result at most.
    pub(crate) fn complete_within<T: Serialize + ?Sized>(
        self: &Arc<Self>,
        result: &T,
        most: usize,
    ) -> Result<(), Reason> {
        let own = Fields::new().own_within("result", result, most);
        self.end(EventType::TaskCompleted, own, &Fields::new(), None)
    }

    /// Ends the run badly.
    pub(crate) fn fail(
        self: &Arc<Self>,
        kind: FailureKind,
        error: &str,
        fields: &Fields,
        waiter: Option<Arc<Waiter>>,
    ) -> Result<(), Reason> {
        let will_retry = kind.is_tried_again() && self.started.will_retry.load(Relaxed);
        let own = Fields::new()
            .own("error", error)
            .own("error_kind", kind.as_str())
            .own("will_retry", &will_retry);
        self.end(EventType::TaskFailed, own, fields, waiter)
    }

    fn end(
        self: &Arc<Self>,
        event_type: EventType,
        own: Fields,
        fields: &Fields,
        waiter: Option<Arc<Waiter>>,
    ) -> Result<(), Reason> {
        let own = match self.started.at {
            Some(started) => own.own("duration_ms", &(started.elapsed().as_millis() as u64)),
            None => own,
        };
        self.end_as(event_type, own.and(fields), waiter)
    }

    /// Ends the run with all that its end says, as another run ended.
    pub(crate) fn end_as(
        self: &Arc<Self>,
        event_type: EventType,
        fields: Fields,
        waiter: Option<Arc<Waiter>>,
    ) -> Result<(), Reason> {
        let queue = &self.core.queue;
        if self.ending.swap(true, Relaxed) {
            return Err(queue.refuse(Reason::AfterEnd));
        }
        let fields = fields.scrubbed(&self.core.settings.scrub);
        let room = queue.end_room(
            fields.needed().min(self.identity.room(&event_type)),
            self.started.reserved,
            &self.marks.slots,
        );
        let text = fields.into_text(room.text);
        let draft = Draft::new(self, event_type, text, waiter).paid(room.paid);
        let pushed = queue.push(&self.lane, draft);
        if self.started.is_held {
            queue.run_is_over();
        }
        if pushed == Err(Reason::QueueFull) {
            // No room was kept for it. Who awaits it is told, and may try again.
            self.ending.store(false, Relaxed);
        }
        pushed
    }

    /// Ends a run that a handle would have seen to its end, and cannot any more.
    pub(crate) fn cut_short(self: &Arc<Self>) {
        if self.started.is_held && !self.is_ending() {
            let why = "the publisher was shut down before the job was done";
            let _ = self.fail(FailureKind::CutShort, why, &Fields::new(), None);
        }
    }

    /// Ends a run whose job was started again before it ended.
    pub(crate) fn displaced(self: &Arc<Self>) {
        let why = "the job was started again before this run ended";
        let _ = self.fail(FailureKind::Cancelled, why, &Fields::new(), None);
    }
}
