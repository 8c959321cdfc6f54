//! What a look has shown of a stream.

use crate::event::Entry;
use crate::queue::{Draft, Outcome};
use crate::store::StreamInfo;
use crate::{Event, EventId};

#[derive(Debug)]
pub(super) struct Sight {
    /// What stands under a batch's ids.
    there: Vec<Event>,
    info: Option<Box<StreamInfo>>,
}

impl Sight {
    pub(super) fn new(entries: Vec<Entry>, info: Option<Box<StreamInfo>>) -> Self {
        Self {
            there: entries.into_iter().map(Event::from).collect(),
            info,
        }
    }

    /// What has become of an event that was sent under this id; none where it can be sent again. It
    /// may have been trimmed where a stream is kept to `max_len`.
    pub(super) fn outcome(
        &self,
        draft: &Draft,
        id: Option<EventId>,
        max_len: Option<u64>,
    ) -> Option<Outcome> {
        if let Some(at) = self.find(draft, id) {
            return Some(Outcome::Delivered(at));
        }
        if !self.is_passed(draft, id) {
            return None;
        }
        let trimmed = id.filter(|id| max_len.is_some_and(|max_len| self.has_trimmed(*id, max_len)));
        // It was refused alone, by a store that takes no transactions, and later events of its run were
        // not: now it can only be missing.
        let missing = || Outcome::Rejected(PASSED.to_owned());
        Some(trimmed.map_or_else(missing, Outcome::Delivered))
    }

    pub(super) fn last_id(&self) -> EventId {
        self.info
            .as_ref()
            .map_or(EventId::ZERO, |info| info.last_id)
    }

    /// Where the store chose the id, whatever it is.
    fn find(&self, draft: &Draft, id: Option<EventId>) -> Option<EventId> {
        let mut there = self
            .there
            .iter()
            .filter(|event| id.is_none_or(|id| event.id() == id));
        let event = there.find(|event| is_of(event, draft, |seq| seq == draft.seq))?;
        Some(event.id())
    }

    /// Whether a later event of the run is on the stream.
    fn is_passed(&self, draft: &Draft, id: Option<EventId>) -> bool {
        let newest = self.info.as_ref().and_then(|info| info.last_event.as_ref());
        let mut later = self.there.iter().chain(newest);
        later.any(|event| Some(event.id()) > id && is_of(event, draft, |seq| seq > draft.seq))
    }

    fn has_trimmed(&self, id: EventId, max_len: u64) -> bool {
        let info = self.info.as_ref().filter(|info| info.length >= max_len);
        let first = info.and_then(|info| info.first_event.as_ref());
        first.is_some_and(|first| id < first.id())
    }
}

fn is_of(event: &Event, draft: &Draft, seq: impl Fn(u64) -> bool) -> bool {
    event.run() == Some(draft.run.id()) && event.seq().is_some_and(seq)
}

/// Why an event is dropped that could now only stand behind later ones.
pub(super) const PASSED: &str = "later events of the run were taken before it";
