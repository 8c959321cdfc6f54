//! Invariants 2 and 3: the seqs of a run rise, for readers and on the stream, and none comes twice.

use std::collections::HashMap;

use super::ledger::Ledger;
use super::{Invariant, Violation};
use crate::evidence::{Found, Seen, events};

pub(super) fn check_views(ledger: &Ledger<'_>) -> Vec<Violation> {
    let views = ledger.evidence.views.iter();
    // Where a store has lost events, one who comes again cannot know that they were seen.
    let forgets = !ledger.evidence.losses.is_empty();
    let falls = views.flat_map(|view| {
        let watches = view
            .seen
            .split(|seen| forgets && matches!(seen, Seen::Again));
        let falls = watches.flat_map(|seen| falls(&view.job, events(seen), Invariant::ViewOrder));
        falls.collect::<Vec<_>>()
    });
    falls.collect()
}

pub(super) fn check_streams(ledger: &Ledger<'_>) -> Vec<Violation> {
    let streams = ledger.evidence.streams.iter();
    let falls = streams.flat_map(|(job, events)| falls(job, events, Invariant::RawOrder));
    falls.collect()
}

/// Also what the producer counted itself rises: its order is that of its calls.
fn falls<'a>(
    job: &str,
    events: impl IntoIterator<Item = &'a Found>,
    invariant: Invariant,
) -> Vec<Violation> {
    let mut last: HashMap<&str, (u64, u64)> = HashMap::new();
    let mut violations = Vec::new();
    for event in events {
        let Some(seq) = event.seq else { continue };
        let before = last.get(&*event.run).copied();
        let index = event
            .index
            .unwrap_or_else(|| before.map_or(0, |(_, index)| index));
        if let Some((last_seq, last_index)) = before {
            let what = if seq == last_seq {
                format!("seq {seq} twice")
            } else if seq < last_seq {
                format!("seq {seq} behind {last_seq}")
            } else if index < last_index {
                format!("event {index} behind {last_index}")
            } else {
                String::new()
            };
            if !what.is_empty() {
                let place = format!("run {} of {job}", event.run);
                let what = format!("{what}, at {}", event.id);
                violations.push(Violation::new(invariant, place, what));
            }
        }
        last.insert(&event.run, (seq, index));
    }
    violations
}

#[cfg(test)]
mod tests {
    use super::super::{broken, example, violations};
    use super::*;

    #[test]
    fn what_stands_twice_on_a_stream_is_found() {
        let mut evidence = example::good();
        let stream = evidence.streams.get_mut("job_a").unwrap();
        let again = stream[2].clone();
        stream.insert(3, again);
        let found = violations(&evidence);
        assert!(found[0].what.starts_with("seq 2 twice"), "{}", found[0]);
        assert_eq!(broken(&found), [Invariant::RawOrder].into());
    }

    #[test]
    fn what_stands_behind_what_came_later_is_found() {
        let mut evidence = example::good();
        evidence.streams.get_mut("job_a").unwrap().swap(1, 2);
        let found = violations(&evidence);
        assert!(found[0].what.starts_with("seq 1 behind 2"), "{}", found[0]);
        assert_eq!(broken(&found), [Invariant::RawOrder].into());
    }

    #[test]
    fn events_that_changed_places_under_rising_seqs_are_found() {
        let mut evidence = example::good();
        let stream = evidence.streams.get_mut("job_a").unwrap();
        (stream[1].index, stream[2].index) = (stream[2].index, stream[1].index);
        let found = violations(&evidence);
        assert!(
            found[0].what.starts_with("event 1 behind 2"),
            "{}",
            found[0]
        );
        assert_eq!(broken(&found), [Invariant::RawOrder].into());
    }

    #[test]
    fn what_a_reader_sees_twice_is_found() {
        let mut evidence = example::good();
        let view = &mut evidence.views[0].seen;
        let again = view[1].clone();
        view.insert(2, again);
        assert_eq!(
            broken(&violations(&evidence)),
            [Invariant::ViewOrder].into()
        );
    }
}
