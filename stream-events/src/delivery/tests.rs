//! The machine against a scripted store: no server, no clock.

mod away;
mod bench;
mod crossed;
mod faults;
mod model;
mod moves;
mod refusals;
mod replays;

use std::time::Duration;

use super::*;
use crate::event::Entry;
use crate::queue::Outcome;
use crate::store::{Class, Fault};
use crate::{EventId, Publisher};
use bench::{Bench, all_refused, entries, ids, info, seqs, taken};
use step::{LONGEST_REST, SHORTEST_REST};

#[test]
fn a_stream_has_one_batch_at_a_time_and_ids_that_rise() {
    let mut bench = Bench::new();
    let (first, append) = bench.append();
    bench.emit(3);
    assert!(
        bench.core.queue.take(bench.now).is_none(),
        "the lane is with the first batch"
    );
    assert_eq!(bench.answer(first, taken(&append)).delivered, 1);
    let (_, next) = bench.append();
    assert_eq!(seqs(&next), [1, 2, 3]);
    assert!(ids(&append)[0] < ids(&next)[0] && ids(&next).is_sorted());
    assert_eq!(
        (append.expire, next.expire),
        (Some(Duration::from_secs(7 * 24 * 3600)), None)
    );
}

#[test]
fn what_a_lost_connection_had_is_sent_again_under_its_ids() {
    let mut bench = Bench::new();
    bench.emit(2);
    let (_, sent) = bench.append();
    bench.delivery.connection_lost(bench.now);
    let (id, again) = bench.append();
    assert_eq!(sent, again);
    assert_eq!(bench.answer(id, taken(&again)).delivered, 3);
}

#[test]
fn what_had_arrived_is_delivered_and_not_sent_again() {
    let mut bench = Bench::new();
    bench.emit(2);
    let (id, append) = bench.append();
    bench.answer(id, all_refused(&append, Class::Conflict));
    let (id, look) = bench.look();
    assert_eq!(
        (look.from, look.to, look.count),
        (ids(&append)[0], ids(&append)[2], 3)
    );
    let stats = bench.answer(
        id,
        Answer::Seen {
            entries: entries(&append),
            info: info(look.to, None),
        },
    );
    assert_eq!(
        (stats.delivered, stats.pending, bench.delivery.open()),
        (3, 0, 0)
    );
}

#[test]
fn what_another_writer_was_ahead_of_goes_above_its_id() {
    let mut bench = Bench::new();
    bench.emit(2);
    let (id, append) = bench.append();
    bench.answer(id, all_refused(&append, Class::Conflict));
    let (id, _) = bench.look();
    let theirs = EventId::new(u64::MAX / 2, 5);
    // An entry under one of our ids that another has written is not ours.
    let foreign = Entry::new(ids(&append)[1], [("data", "{}")]);
    bench.answer(
        id,
        Answer::Seen {
            entries: vec![foreign],
            info: info(theirs, None),
        },
    );
    let (id, again) = bench.append();
    assert_eq!(seqs(&again), [0, 1, 2]);
    assert!(ids(&again)[0] > theirs);
    assert_eq!(bench.answer(id, taken(&again)).delivered, 3);
}

#[test]
fn what_was_taken_and_trimmed_since_is_delivered() {
    let mut bench = Bench::of(Publisher::builder().max_len(1));
    bench.emit(2);
    bench.append();
    bench.delivery.connection_lost(bench.now);
    let (id, append) = bench.append();
    bench.answer(id, all_refused(&append, Class::Conflict));
    let (id, look) = bench.look();
    let newest = entries(&append).pop();
    let stats = bench.answer(
        id,
        Answer::Seen {
            entries: newest.iter().cloned().collect(),
            info: info(look.to, newest),
        },
    );
    assert_eq!((stats.delivered, stats.pending), (3, 0));
}

#[test]
fn a_store_that_cannot_now_is_asked_again_later_and_less_and_less_often() {
    let mut bench = Bench::new();
    let mut rests = Vec::new();
    for _ in 0..12 {
        let (id, append) = bench.append();
        bench.answer(id, all_refused(&append, Class::Later));
        assert!(bench.delivery.next_command().is_none(), "it rests");
        let due = bench.delivery.next_tick().expect("it is asked again");
        bench.delivery.tick(due - Duration::from_millis(1));
        assert!(bench.delivery.next_command().is_none(), "not yet");
        bench.delivery.tick(due);
        rests.push(due - bench.now);
        bench.now = due;
    }
    assert_eq!(
        (rests[0], rests[1], rests[11]),
        (SHORTEST_REST, SHORTEST_REST * 2, LONGEST_REST)
    );
    let (id, append) = bench.append();
    assert_eq!(bench.answer(id, taken(&append)).delivered, 1);
}

#[test]
fn what_will_never_be_taken_is_dropped_and_the_rest_is_not() {
    let mut bench = Bench::new();
    bench.emit(2);
    let (id, append) = bench.append();
    let [first, .., last] = ids(&append)[..] else {
        panic!()
    };
    let refused = Err(Fault::new(Class::Never, "no"));
    let stats = bench.answer(id, Answer::Appended(vec![Ok(first), refused, Ok(last)]));
    assert_eq!(
        (stats.delivered, stats.dropped.rejected, stats.pending),
        (2, 1, 0)
    );
}

#[test]
fn part_of_a_batch_is_not_sent_twice() {
    let mut bench = Bench::new();
    bench.emit(2);
    let (id, append) = bench.append();
    let later = || Err(Fault::new(Class::Later, "no"));
    let stats = bench.answer(
        id,
        Answer::Appended(vec![Ok(ids(&append)[0]), later(), later()]),
    );
    assert_eq!((stats.delivered, stats.pending), (1, 2));
    bench.delivery.tick(bench.now + LONGEST_REST);
    assert_eq!(seqs(&bench.append().1), [1, 2]);
}

#[test]
fn a_stream_that_goes_on_is_told_now_and_then_how_long_it_is_kept() {
    let mut bench = Bench::new();
    for (later, is_told) in [(0, true), (1, false), (59, false), (61, true), (62, false)] {
        let start = bench.now;
        bench.now = start + Duration::from_secs(later);
        bench.emit(usize::from(later > 0));
        let (id, append) = bench.append();
        assert_eq!(append.expire.is_some(), is_told, "after {later} s");
        bench.answer(id, taken(&append));
        bench.now = start;
    }
}

#[test]
fn what_is_given_up_is_counted_and_known_to_have_been_sent_or_not() {
    for is_sent in [false, true] {
        let mut bench = Bench::new();
        bench.emit(2);
        let (id, append) = bench.append();
        if !is_sent {
            bench.answer(id, all_refused(&append, Class::Later));
        }
        let given_up = bench.delivery.abandon();
        let events = given_up.iter().flat_map(|settled| settled.events.iter());
        let may_arrive: Vec<_> = events
            .map(|(_, outcome)| match outcome {
                Outcome::ShutDown { may_arrive } => *may_arrive,
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(may_arrive, [is_sent; 3]);
        assert_eq!(bench.delivery.open(), 0);
    }
}
