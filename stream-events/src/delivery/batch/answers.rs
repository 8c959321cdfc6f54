//! What the store's answers, and their absence, mean for a batch.

use std::sync::Arc;
use std::time::Instant;

use super::{Batch, State};
use crate::delivery::entries;
use crate::event::{Entry, Event, EventId};
use crate::queue::{Draft, Outcome};
use crate::store::{Appended, Class, Fault, StreamInfo};

impl Batch {
    /// Each entry that was taken is delivered; of the others the first refusal decides what comes
    /// next.
    pub(in crate::delivery) fn appended(&mut self, results: Appended) {
        self.is_sent = false;
        self.breaks = 0;
        let (mut refusal, mut is_rejected) = (None, false);
        let mut results = results.into_iter();
        self.resolve(|_, _| match results.next() {
            Some(Ok(id)) => Some(Outcome::Delivered(id)),
            Some(Err(fault)) if fault.class == Class::Never => {
                is_rejected = true;
                Some(Outcome::Rejected(fault.why))
            }
            Some(Err(fault)) => {
                refusal.get_or_insert(fault);
                None
            }
            None => None,
        });
        if is_rejected {
            // Nor was the time taken, where the stream comes to be later.
            self.position.set_expiry(None);
        }
        self.state = match refusal {
            None => State::ToAppend,
            Some(fault) if fault.class == Class::Conflict => State::ToLook,
            Some(fault) => State::Refused(fault),
        };
        if let (State::ToAppend, Some(suspicion)) = (&self.state, &mut self.suspicion) {
            suspicion.passed();
        }
    }

    /// What stands under our ids and is ours has arrived before. What is not there has to go above
    /// the stream's last id.
    pub(in crate::delivery) fn seen(
        &mut self,
        entries: Vec<Entry>,
        info: Option<Box<StreamInfo>>,
        now: Instant,
    ) {
        self.is_sent = false;
        let first = self.open.first().map(|draft| draft.seq);
        let there: Vec<Event> = entries.into_iter().map(Event::from).collect();
        let newest = info.as_ref().and_then(|info| info.last_event.as_ref());
        self.resolve(|draft, id| {
            let is_there = there
                .iter()
                .any(|event| Some(event.id()) == id && is_of(event, draft, |seq| seq == draft.seq));
            // Taken, and trimmed since: a later event of the same run is on the stream.
            let is_past = newest.is_some_and(|event| {
                Some(event.id()) > id && is_of(event, draft, |seq| seq > draft.seq)
            });
            (is_there || is_past).then(|| Outcome::Delivered(id.unwrap_or_default()))
        });
        self.may_be_there = false;
        if let Some(suspicion) = &mut self.suspicion {
            suspicion.wants_probe = false;
        }
        if let Some(why) = self.condemned.take()
            && self.open.first().map(|draft| draft.seq) == first
        {
            self.reject_first(&why);
        }
        if self.state == State::ToLook && !self.open.is_empty() {
            let last = info.map_or(EventId::ZERO, |info| info.last_id);
            self.position.rebase(last, now, self.has_conflicted);
            self.has_conflicted = true;
            let append = Arc::make_mut(&mut self.append);
            entries::number(append, &self.open, &mut self.position);
        }
        self.state = State::ToAppend;
    }

    pub(in crate::delivery) fn refused(&mut self, fault: Fault) {
        self.is_sent = false;
        match fault.class {
            Class::Never => self.reject_all(&fault.why),
            _ => self.state = State::Refused(fault),
        }
    }

    /// It is durable, or as durable as it will be.
    pub(in crate::delivery) fn confirm(&mut self) {
        self.state = State::Confirmed;
    }
}

fn is_of(event: &Event, draft: &Draft, seq: impl Fn(u64) -> bool) -> bool {
    event.run() == Some(&draft.run.id) && event.seq().is_some_and(seq)
}
