//! Looks for what a stream still has of a line, where it refuses ids.
//!
//! A stream is what it was up to some moment, and then what others wrote. So its newest event, where it is one
//! of the line, says all: what the line has up to there is there, and what comes behind fits above it. Only
//! where another's is the newest, or the stream's last id is no event's, since somebody who declares a run lost
//! has set it, is the stream read, page by page, for the newest seq of each run: what of a
//! run is above that was lost, and goes above all that is there.
//!
//! What that means for readers is what it means where a process goes on that others took for dead. If a reaper
//! has declared the run lost on the store that went back, what the run wrote comes behind `task_failed` of the
//! kind `lost`, which any later event of the run takes back; no `task_resumed` is needed, since these are later
//! events. Its own end is the last of them where it had ended: who begins to watch then sees the job end as it
//! did, and a state follows it, also where another run has begun since. Who watched before has seen the run
//! lost, and its watch has ended, as with any false alarm. Who had read the events from the first store is not
//! given them again: (run, seq) is the same under another id.
//!
//! A run of which a later event stands there and an earlier does not is left so: that could only come behind.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use super::line::Piece;
use crate::delivery::Look;
use crate::event::{Entry, FIELDS};
use crate::store::{NewEntry, StreamInfo};
use crate::{Event, EventId};

#[derive(Debug, Default)]
pub(super) struct Search {
    place: Place,
    /// All up to here is known.
    upto: Option<EventId>,
    /// Whether looks are refused.
    is_blind: bool,
    sight: Sight,
}

#[derive(Debug, Default)]
enum Place {
    /// There is nothing to look for.
    #[default]
    Nowhere,
    /// The line's last event, and the stream's.
    End(EventId),
    /// All from here.
    From(EventId),
}

/// What a look comes to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    More,
    /// What the line has up to here is there, and nothing else.
    Upto(EventId),
    /// All was read.
    All,
}

/// What was seen of a stream.
#[derive(Debug, Default)]
pub(super) struct Sight {
    /// The newest seq of each run.
    newest: HashMap<String, u64>,
    last: EventId,
    /// Where the stream begins, if it is full: what was before may have been trimmed.
    first: Option<EventId>,
}

impl Search {
    /// Looks for the line's end, or, where that is known, for what has come since; false where that is in
    /// vain.
    pub(super) fn begin(&mut self, line: &VecDeque<Piece>) -> bool {
        if self.is_blind {
            return false;
        }
        let ids = line.iter().flat_map(|piece| &piece.append.entries);
        let ids = ids.filter_map(|entry| entry.id);
        match (self.upto, ids.clone().next_back()) {
            (Some(upto), _) => self.place = Place::From(upto.next()),
            (None, Some(last)) if ids.is_sorted() => self.place = Place::End(last),
            (None, _) => self.all(line),
        }
        true
    }

    /// Looks at all from where the line may begin.
    pub(super) fn all(&mut self, line: &VecDeque<Piece>) {
        let from = line.iter().map(|piece| piece.part.lowest()).min();
        self.place = Place::From(from.unwrap_or(EventId::ZERO));
    }

    pub(super) fn look(&self, key: &Arc<str>) -> Option<Look> {
        let (from, to, count) = match self.place {
            Place::Nowhere => return None,
            Place::End(last) => (last, last, 1),
            Place::From(from) => (from, EventId::MAX, PAGE),
        };
        Some(Look {
            key: Arc::clone(key),
            from,
            to,
            count,
        })
    }

    pub(super) fn seen(
        &mut self,
        entries: Vec<Entry>,
        info: Option<Box<StreamInfo>>,
        line: &VecDeque<Piece>,
    ) -> Step {
        let last_id = info.as_ref().map_or(EventId::ZERO, |info| info.last_id);
        if let Place::End(_) = self.place {
            let newest = info.as_ref().and_then(|info| info.last_event.as_ref());
            // Where the stream is set to an id above its newest event, what is in between is not there, and refused.
            if newest.is_some_and(|event| event.id() == last_id && has(line, event)) {
                self.place = Place::Nowhere;
                self.upto = Some(last_id);
                return Step::Upto(last_id);
            }
            self.all(line);
            return Step::More;
        }
        let is_all = entries.len() < PAGE;
        for event in entries.into_iter().map(Event::from) {
            self.upto = Some(event.id());
            self.sight.note(&event);
        }
        if let (false, Some(upto)) = (is_all, self.upto) {
            self.place = Place::From(upto.next());
            return Step::More;
        }
        self.place = Place::Nowhere;
        let last = self.upto.map_or(last_id, |upto| upto.max(last_id));
        self.upto = Some(last);
        self.sight.last = last;
        let max_len = line.front().map_or(u64::MAX, |piece| piece.append.max_len);
        let full = info.filter(|info| info.length >= max_len);
        self.sight.first = full.and_then(|info| Some(info.first_event.as_ref()?.id()));
        Step::All
    }

    pub(super) fn sight(&self) -> &Sight {
        &self.sight
    }

    pub(super) fn give_up(&mut self) {
        (self.place, self.is_blind) = (Place::Nowhere, true);
    }
}

impl Sight {
    fn note(&mut self, event: &Event) {
        let Some((run, seq)) = event.run().zip(event.seq()) else {
            return;
        };
        match self.newest.get_mut(run) {
            Some(newest) => *newest = seq.max(*newest),
            None => _ = self.newest.insert(run.to_owned(), seq),
        }
    }

    /// What has no name cannot be found again, and is not sent twice.
    pub(super) fn lacks(&self, entry: &NewEntry) -> bool {
        let Some(id) = entry.id else { return false };
        let event = event(id, entry);
        let Some((run, seq)) = event.run().zip(event.seq()) else {
            return false;
        };
        let may_be_trimmed = self.first.is_some_and(|first| id < first);
        !may_be_trimmed && self.newest.get(run).is_none_or(|newest| *newest < seq)
    }

    /// What is sent goes above this: with more and more time between, where others come first again and again.
    /// None where there is no id left.
    pub(super) fn next(&self, conflicts: u32) -> Option<EventId> {
        let ms = self.last.ms();
        match conflicts {
            0 | 1 => (self.last < EventId::MAX).then_some(self.last),
            _ => Some(EventId::new(ms.checked_add(1 << conflicts.min(10))?, 0)),
        }
    }
}

/// Whether this event, as it stands there, is one of the line.
fn has(line: &VecDeque<Piece>, there: &Event) -> bool {
    let entries = line.iter().flat_map(|piece| &piece.append.entries);
    let mut same = entries.filter(|entry| entry.id == Some(there.id()));
    same.any(|entry| {
        let ours = event(there.id(), entry);
        ours.run().is_some() && (ours.run(), ours.seq()) == (there.run(), there.seq())
    })
}

fn event(id: EventId, entry: &NewEntry) -> Event {
    let fields = FIELDS.iter().zip(entry.values.each());
    Entry::new(id, fields).into()
}

/// How many entries a look shows at once.
const PAGE: usize = 256;
