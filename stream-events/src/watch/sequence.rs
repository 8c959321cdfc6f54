//! The seqs of a stream's runs: what comes twice is left out, what is missing is named.

use std::collections::{HashMap, HashSet};

use super::gap::{Gap, Missing};
use super::{Event, Item};

/// How far each run that was seen has come. Entries are read in pages, each in one piece: what is missing
/// between two entries of a page was missing when it was read.
#[derive(Debug)]
pub(crate) struct Sequence {
    runs: HashMap<String, Known>,
    begin: Begin,
    page: u64,
}

#[derive(Debug, Clone, Copy)]
struct Known {
    /// The seq that its next event has, where none is missing.
    next: u64,
    /// The page in which it was seen last.
    page: u64,
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
        let mut sequence = Self::of(Begin::Middle);
        seen.iter().for_each(|event| sequence.note(event));
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
        }
    }

    /// What comes next was read later than what came before.
    pub(super) fn turn(&mut self) {
        self.page += 1;
    }

    /// An event that came before what is to be told.
    pub(super) fn note(&mut self, event: &Event) {
        if let (Some(run), Some(seq)) = (event.run(), event.seq()) {
            self.see(run, seq);
        }
    }

    /// The runs of these that began before, nobody knows where, and of which it is worth a look.
    pub(super) fn unknown(&self, events: &[Event]) -> HashSet<String> {
        let mut seen = HashSet::new();
        let mut unknown = HashSet::new();
        if self.begin == Begin::Middle {
            for event in events {
                let (Some(run), Some(seq)) = (event.run(), event.seq()) else {
                    continue;
                };
                let is_first = !self.runs.contains_key(run) && seen.insert(run);
                if is_first && seq > 0 && unknown.len() < MOST_LOOKS {
                    unknown.insert(run.to_owned());
                }
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
            (Some(run), Some(seq)) => self.count(run, seq),
            _ => Some((None, false)),
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
    fn count(&mut self, run: &str, seq: u64) -> Option<(Option<Gap>, bool)> {
        let known = self.runs.get(run).copied();
        if self.begin == Begin::Start {
            self.begin = if seq == 0 { Begin::Whole } else { Begin::Rest };
        }
        let (expected, why, is_unsure) = match (known, self.begin) {
            (Some(known), _) => (known.next, Missing::Dropped, known.page < self.page),
            (None, Begin::Middle) => (seq, Missing::Dropped, false),
            (None, Begin::Start | Begin::Whole) => (0, Missing::Dropped, self.page > 1),
            (None, Begin::Rest | Begin::Gone { .. }) => (0, Missing::Trimmed, false),
        };
        let count = seq.checked_sub(expected)?;
        self.see(run, seq);
        let gap = (count > 0).then(|| Gap {
            run: run.to_owned(),
            first: expected,
            count,
            why,
        });
        Some((gap, is_unsure && count > 0))
    }

    fn see(&mut self, run: &str, seq: u64) {
        let (next, page) = (seq.saturating_add(1), self.page);
        if let Some(known) = self.runs.get_mut(run) {
            *known = Known { next, page };
            return;
        }
        if self.runs.len() >= MOST_RUNS {
            self.runs.clear();
            self.begin = Begin::Middle;
        }
        self.runs.insert(run.to_owned(), Known { next, page });
    }
}

impl Next {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::EventId;
    use crate::event::Entry;

    fn event(run: &str, seq: u64) -> Event {
        let data = format!(r#"{{"run":"{run}","seq":{seq}}}"#);
        Entry::new(EventId::new(1, seq), [("data", data)]).into()
    }

    /// A page of them: a gap as its run, first and count, with `-` where it was dropped, `~` where it was
    /// trimmed, and `?` where that is not known.
    fn seen(sequence: &mut Sequence, seqs: &[(&str, u64)]) -> Vec<String> {
        sequence.turn();
        let mut texts = Vec::new();
        for (run, seq) in seqs {
            let next = sequence.next(event(run, *seq));
            let is_unsure = next.is_unsure;
            texts.extend(next.into_iter().map(|item| match item {
                Item::Event(event) => format!("{run}{}", event.seq().unwrap()),
                Item::Gap(gap) => {
                    let why = match gap.why {
                        _ if is_unsure => '?',
                        Missing::Dropped => '-',
                        _ => '~',
                    };
                    format!("{}{}{why}{}", gap.run, gap.first, gap.count)
                }
            }));
        }
        texts
    }

    #[test]
    fn repeats_are_left_out_and_holes_named_for_each_run() {
        let mut sequence = Sequence::start();
        let seqs = [
            ("a", 0),
            ("b", 2),
            ("a", 1),
            ("a", 1),
            ("a", 0),
            ("a", 5),
            ("b", 3),
        ];
        assert_eq!(
            seen(&mut sequence, &seqs),
            ["a0", "b0-2", "b2", "a1", "a2-3", "a5", "b3"]
        );
        let later = [("a", 7), ("c", 4), ("a", 9)];
        assert_eq!(
            seen(&mut sequence, &later),
            ["a6?1", "a7", "c0?4", "c4", "a8-1", "a9"]
        );
    }

    #[test]
    fn what_a_stream_begins_without_was_trimmed() {
        let mut sequence = Sequence::start();
        assert_eq!(
            seen(&mut sequence, &[("a", 3), ("b", 1), ("a", 5)]),
            ["a0~3", "a3", "b0~1", "b1", "a4-1", "a5"]
        );
    }

    #[test]
    fn a_watch_that_begins_in_the_middle_counts_from_there() {
        let mut known = Sequence::after(&[event("a", 4)]);
        assert_eq!(
            seen(&mut known, &[("a", 7), ("c", 3)]),
            ["a5?2", "a7", "c3"]
        );
        let mut unknown = Sequence::after(&[]);
        let events = [("a", 7), ("b", 0), ("b", 1), ("a", 9)].map(|(run, seq)| event(run, seq));
        assert_eq!(unknown.unknown(&events), HashSet::from(["a".to_owned()]));
        assert_eq!(
            seen(&mut unknown, &[("a", 7), ("a", 9)]),
            ["a7", "a8-1", "a9"]
        );
    }

    #[test]
    fn a_watch_that_begins_where_nothing_is_left_says_so_first() {
        let mut counted = Sequence::after_gone();
        assert_eq!(
            seen(&mut counted, &[("a", 4), ("a", 5)]),
            ["a0~4", "a4", "a5"]
        );
        let mut uncounted = Sequence::after_gone();
        assert_eq!(
            seen(&mut uncounted, &[("a", 0), ("b", 2)]),
            ["0~0", "a0", "b0~2", "b2"]
        );
    }

    #[test]
    fn what_is_none_of_ours_comes_through() {
        let foreign = Entry::new(EventId::new(1, 0), [("data", "not json")]);
        let mut sequence = Sequence::start();
        for _ in 0..2 {
            assert_eq!(sequence.next(foreign.clone().into()).into_iter().count(), 1);
        }
    }

    #[test]
    fn of_runs_without_end_few_are_remembered() {
        let mut sequence = Sequence::start();
        for n in 0..2 * MOST_RUNS {
            sequence.next(event(&n.to_string(), 0));
            assert!(sequence.runs.len() <= MOST_RUNS);
        }
        assert_eq!(seen(&mut sequence, &[("new", 3)]), ["new3"]);
    }
}
