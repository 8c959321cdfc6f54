//! What is left out, what is named, and what nobody can tell.

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

/// The event was another server's, which took itself for the master, too.
#[test]
fn what_stands_before_an_event_that_is_lost_may_come_for_the_first_time() {
    let mut lost = Sequence::after_lost(&[event("a", 7), event("b", 2)]);
    assert_eq!(
        seen(
            &mut lost,
            &[("a", 5), ("a", 6), ("a", 6), ("a", 8), ("b", 4)]
        ),
        ["a5", "a6", "a7-1", "a8", "b3?1", "b4"]
    );
    let mut known = Sequence::after(&[event("a", 7)]);
    assert_eq!(seen(&mut known, &[("a", 5), ("a", 8)]), ["a8"]);
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

/// What stands before the oldest that is known was seen by whoever left off there, and is known from then on.
#[test]
fn the_start_of_the_same_stream_once_more_has_nothing_new() {
    let mut sequence = Sequence::after(&[event("a", 4), event("b", 5)]);
    sequence.begin_again(EventId::new(1, 4), EventId::new(1, 5));
    let again = [("c", 0), ("c", 1), ("a", 4), ("b", 5)];
    assert_eq!(seen(&mut sequence, &again), [""; 0]);
    let new = [("a", 7), ("c", 6), ("d", 9)];
    assert_eq!(
        seen(&mut sequence, &new),
        ["a5?2", "a7", "c2?4", "c6", "d9"]
    );
    sequence.begin_anew();
    assert_eq!(seen(&mut sequence, &[("a", 6), ("e", 1)]), ["e0~1", "e1"]);
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
