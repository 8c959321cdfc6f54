//! The seqs of a stream's runs: what comes twice is left out, what is missing is named.

use std::collections::HashMap;
use std::fmt;

use super::Item;
use crate::{Event, EventId};

/// Events of a run that did not come: trimmed from the stream, or dropped where they were emitted.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Gap {
    /// The run.
    pub run: String,
    /// The first seq that is missing.
    pub first: u64,
    /// How many are missing.
    pub count: u64,
    /// Where they are.
    pub why: Missing,
}

/// Why events are missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Missing {
    /// The stream was trimmed to its length.
    Trimmed,
    /// They never came to the stream: they were dropped where they were emitted, or something deleted them
    /// from its middle.
    Dropped,
    /// The stream is gone: its time was up, the store had no room for it, or somebody deleted it.
    Expired,
}

impl Missing {
    /// `trimmed`, `dropped` or `expired`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Trimmed => "trimmed",
            Self::Dropped => "dropped",
            Self::Expired => "expired",
        }
    }
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            run,
            first,
            count,
            why,
        } = self;
        write!(
            f,
            "{count} events of run {run} are missing, from {first}: {why}"
        )
    }
}

/// The next seq of each run that was seen.
#[derive(Debug, Default)]
pub(crate) struct Sequence {
    next: HashMap<String, u64>,
    /// Whether a run that is seen for the first time has to begin at 0: not where the watch began
    /// in its middle.
    from_start: bool,
}

/// A stream has a run or a few. Of one that has more, which no job writes, all are forgotten and
/// counted anew.
const MOST_RUNS: usize = 4096;

impl Sequence {
    /// Where a watch begins: after this id, up to which these came, oldest first. Of a run that is not
    /// among them nothing is known, and it is counted from where it is seen next.
    pub(crate) fn after(id: EventId, seen: &[Event]) -> Self {
        let runs = seen.iter().filter_map(|event| event.run().zip(event.seq()));
        let next = runs.map(|(run, seq)| (run.to_owned(), seq.saturating_add(1)));
        Self {
            next: next.collect(),
            from_start: id == EventId::ZERO,
        }
    }

    /// The event, behind the gap before it; nothing where it came before. An entry that is none of
    /// ours is not counted.
    pub(crate) fn next(&mut self, event: Event) -> impl Iterator<Item = Item> + use<> {
        let (gap, event) = match (event.run(), event.seq()) {
            (Some(run), Some(seq)) => match self.count(run, seq) {
                Some(gap) => (gap, Some(event)),
                None => (None, None),
            },
            _ => (None, Some(event)),
        };
        gap.map(Item::Gap).into_iter().chain(event.map(Item::Event))
    }

    /// None where this seq came before; otherwise the gap before it, if there is one.
    fn count(&mut self, run: &str, seq: u64) -> Option<Option<Gap>> {
        let known = self.next.get_mut(run);
        let expected = match &known {
            Some(next) => **next,
            None if self.from_start => 0,
            None => seq,
        };
        let count = seq.checked_sub(expected)?;
        let next = seq.saturating_add(1);
        match known {
            Some(known) => *known = next,
            None => self.meet(run, next),
        }
        Some((count > 0).then(|| Gap {
            run: run.to_owned(),
            first: expected,
            count,
            why: if expected == 0 {
                Missing::Trimmed
            } else {
                Missing::Dropped
            },
        }))
    }

    /// A run that is seen for the first time.
    fn meet(&mut self, run: &str, next: u64) {
        if self.next.len() >= MOST_RUNS {
            self.next.clear();
            self.from_start = false;
        }
        self.next.insert(run.to_owned(), next);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Entry;

    fn entry(run: &str, seq: u64) -> Entry {
        let data = format!(r#"{{"run":"{run}","seq":{seq}}}"#);
        Entry::new(EventId::new(1, seq), [("data", data)])
    }

    fn seen(sequence: &mut Sequence, seqs: &[(&str, u64)]) -> Vec<String> {
        let items = seqs
            .iter()
            .flat_map(|(run, seq)| sequence.next(entry(run, *seq).into()));
        let text = |item| match item {
            Item::Event(event) => format!(
                "{}{}",
                event.run().unwrap_or_default(),
                event.seq().unwrap_or_default()
            ),
            Item::Gap(gap) => format!("{}{}+{}", gap.run, gap.first, gap.count),
        };
        items.map(text).collect()
    }

    #[test]
    fn repeats_are_left_out_and_holes_named_for_each_run() {
        let mut sequence = Sequence::after(EventId::ZERO, &[]);
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
            ["a0", "b0+2", "b2", "a1", "a2+3", "a5", "b3"]
        );
    }

    #[test]
    fn a_watch_that_begins_in_the_middle_counts_from_there() {
        let mut known = Sequence::after(EventId::new(1, 4), &[entry("a", 4).into()]);
        assert_eq!(
            seen(&mut known, &[("a", 7), ("c", 3)]),
            ["a5+2", "a7", "c3"]
        );
        let mut unknown = Sequence::after(EventId::new(1, 4), &[]);
        assert_eq!(
            seen(&mut unknown, &[("a", 7), ("a", 9)]),
            ["a7", "a8+1", "a9"]
        );
    }

    #[test]
    fn what_is_none_of_ours_comes_through() {
        let foreign = Entry::new(EventId::new(1, 0), [("data", "not json")]);
        let mut sequence = Sequence::after(EventId::ZERO, &[]);
        for _ in 0..2 {
            assert_eq!(sequence.next(foreign.clone().into()).count(), 1);
        }
    }
}
