//! The seqs of a stream's runs: what comes twice is left out, what is missing is named.

#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet};

use super::gap::{Gap, Missing};
use super::{Event, EventId, Item};

/// How far each run that was seen has come. Entries are read in pages, each in one piece: what is missing
/// between two entries of a page was missing when it was read.
#[derive(Debug)]
pub(crate) struct Sequence {
    runs: HashMap<String, Known>,
    begin: Begin,
    page: u64,
    /// What stands between these two, both included, was seen before, and what stands before them may have
    /// been.
    again: (EventId, EventId),
    /// Whether what is noted was seen. Where the event is lost after which this begins, what stands before its
    /// place may be what another server had when it was seen there, or not.
    has_seen: bool,
}

#[derive(Debug, Clone, Copy)]
struct Known {
    /// The seq that its next event has, where none is missing.
    next: u64,
    /// The page in which it was seen last.
    page: u64,
    /// Whether what is before that was seen, or is only known to have been there.
    is_seen: bool,
}

/// What of a stream is to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Begin {
    /// All of it; nothing was read yet.
    Start,
    /// All of it, and its first event was there.
    Whole,
    /// All of it, and its first event was trimmed.
    Rest,
    /// What is behind an event of it: a run that is seen there for the first time may have begun before.
    Middle,
    /// The same, and that event is gone, with all before it.
    Gone { is_told: bool },
}

/// What an event comes to.
#[derive(Debug)]
pub(crate) struct Next {
    gap: Option<Gap>,
    /// None where it came before.
    event: Option<Event>,
    /// Whether the gap may as well be one that was trimmed: that tells the stream's front.
    pub(super) is_unsure: bool,
}

const NEVER: (EventId, EventId) = (EventId::ZERO, EventId::ZERO);
/// A stream has a run or a few. Of one that has more, which no job writes, all are forgotten and
/// counted anew.
const MOST_RUNS: usize = 4096;
/// Of how many it is looked up where they had come to.
const MOST_LOOKS: usize = 8;

impl Sequence {
    /// From the stream's start.
    pub(crate) fn start() -> Self {
        Self::of(Begin::Start)
    }

    /// Behind an event, up to which these came, oldest first.
    pub(super) fn after(seen: &[Event]) -> Self {
        Self::behind(seen, true)
    }

    /// Behind an event that is lost, unlike these before it.
    pub(super) fn after_lost(before: &[Event]) -> Self {
        Self::behind(before, false)
    }

    fn behind(noted: &[Event], has_seen: bool) -> Self {
        let mut sequence = Self {
            has_seen,
            ..Self::of(Begin::Middle)
        };
        noted.iter().for_each(|event| sequence.note(event));
        sequence
    }

    /// Behind an event of which nothing is left, nor of what was before it.
    pub(super) fn after_gone() -> Self {
        Self::of(Begin::Gone { is_told: false })
    }

    fn of(begin: Begin) -> Self {
        Self {
            runs: HashMap::new(),
            begin,
            page: 0,
            again: NEVER,
            has_seen: true,
        }
    }

    /// What comes next is the stream's start once more, of which all was seen from the one to the other. What
    /// is none of ours is known by its id alone.
    pub(super) fn begin_again(&mut self, oldest: EventId, newest: EventId) {
        self.again = (oldest, newest);
    }

    /// What comes next is the start of another stream; its runs may be those that were seen.
    pub(super) fn begin_anew(&mut self) {
        (self.begin, self.again) = (Begin::Start, NEVER);
    }

    /// Whether this event of a run came before.
    pub(super) fn has(&self, event: &Event) -> bool {
        let of_run = event.run().zip(event.seq());
        of_run.is_some_and(|(run, seq)| seq < self.expected(run))
    }

    /// What comes next was read later than what came before.
    pub(super) fn turn(&mut self) {
        self.page += 1;
    }

    /// An event that came before what is to be told.
    pub(super) fn note(&mut self, event: &Event) {
        if let (Some(run), Some(seq)) = (event.run(), event.seq()) {
            self.see(run, seq, self.has_seen);
        }
    }

    /// The runs of these that began before, of which it is worth a look how far they had come: nobody knows,
    /// or something is missing since, as far as is known.
    pub(super) fn unknown(&self, events: &[Event]) -> HashSet<String> {
        let (mut seen, mut unknown) = (HashSet::new(), HashSet::new());
        if self.begin != Begin::Middle {
            return unknown;
        }
        for event in events {
            let (Some(run), Some(seq)) = (event.run(), event.seq()) else {
                continue;
            };
            let is_worth_it = match self.runs.get(run) {
                Some(known) => known.page == 0 && seq > known.next,
                None => seq > 0,
            };
            if seen.insert(run) && is_worth_it && unknown.len() < MOST_LOOKS {
                unknown.insert(run.to_owned());
            }
        }
        unknown
    }

    /// The seq that is next of a run.
    pub(super) fn expected(&self, run: &str) -> u64 {
        self.runs.get(run).map_or(0, |known| known.next)
    }

    /// The event, and the gap before it. An entry that is none of ours is not counted.
    pub(crate) fn next(&mut self, event: Event) -> Next {
        let counted = match (event.run(), event.seq()) {
            (Some(run), Some(seq)) => self.count(run, seq, event.id()),
            _ => (event.id() > self.again.1).then_some((None, false)),
        };
        let Some((gap, is_unsure)) = counted else {
            return Next {
                gap: None,
                event: None,
                is_unsure: false,
            };
        };
        let gap = gap.or_else(|| self.untold());
        self.begin = match self.begin {
            Begin::Gone { .. } => Begin::Gone { is_told: true },
            begin => begin,
        };
        Next {
            gap,
            event: Some(event),
            is_unsure,
        }
    }

    /// What nobody can count.
    fn untold(&self) -> Option<Gap> {
        (self.begin == Begin::Gone { is_told: false }).then(|| Gap {
            run: String::new(),
            first: 0,
            count: 0,
            why: Missing::Trimmed,
        })
    }

    /// None where this seq came before; otherwise the gap before it, if there is one, and whether it may be
    /// that it was trimmed.
    fn count(&mut self, run: &str, seq: u64, id: EventId) -> Option<(Option<Gap>, bool)> {
        let known = self.runs.get(run).copied();
        if self.begin == Begin::Middle && id < self.again.0 {
            self.see(run, seq, self.has_seen);
            return None;
        }
        if self.begin == Begin::Start {
            self.begin = if seq == 0 { Begin::Whole } else { Begin::Rest };
        }
        let (expected, why, is_unsure) = match (known, self.begin) {
            // It comes again, perhaps, or for the first time.
            (Some(known), _) if !known.is_seen && seq < known.next => {
                (seq, Missing::Dropped, false)
            }
            (Some(known), _) => (known.next, Missing::Dropped, known.page < self.page),
            (None, Begin::Middle) => (seq, Missing::Dropped, false),
            (None, Begin::Start | Begin::Whole) => (0, Missing::Dropped, self.page > 1),
            (None, Begin::Rest | Begin::Gone { .. }) => (0, Missing::Trimmed, false),
        };
        let count = seq.checked_sub(expected)?;
        self.see(run, seq, true);
        let gap = (count > 0).then(|| Gap {
            run: run.to_owned(),
            first: expected,
            count,
            why,
        });
        Some((gap, is_unsure && count > 0))
    }

    fn see(&mut self, run: &str, seq: u64, is_seen: bool) {
        let (next, page) = (seq.saturating_add(1), self.page);
        if let Some(known) = self.runs.get_mut(run) {
            // What stands there twice was later before.
            let least = if known.is_seen || !is_seen {
                known.next
            } else {
                0
            };
            *known = Known {
                next: next.max(least),
                page,
                is_seen: is_seen || known.is_seen,
            };
            return;
        }
        if self.runs.len() >= MOST_RUNS {
            self.runs.clear();
            self.begin = Begin::Middle;
        }
        self.runs.insert(
            run.to_owned(),
            Known {
                next,
                page,
                is_seen,
            },
        );
    }
}

impl Next {
    pub(super) fn event(&self) -> Option<&Event> {
        self.event.as_ref()
    }

    /// With its gap trimmed after all.
    pub(super) fn trimmed(mut self) -> Self {
        if let Some(gap) = &mut self.gap {
            gap.why = Missing::Trimmed;
        }
        self
    }
}

impl IntoIterator for Next {
    type Item = Item;
    type IntoIter = std::iter::Chain<std::option::IntoIter<Item>, std::option::IntoIter<Item>>;

    fn into_iter(self) -> Self::IntoIter {
        let gap = self.gap.map(Item::Gap).into_iter();
        gap.chain(self.event.map(Item::Event))
    }
}
