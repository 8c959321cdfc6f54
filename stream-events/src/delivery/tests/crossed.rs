//! A store that has gone back, also one to which others have written before it has what it lost.

use super::bench::{self, Bench, all_refused, entries, ids, info, taken};
use super::moves::{ALL, Place};
use super::*;
use crate::Event;
use crate::event::Entry;

const JOB: &str = "job_001";

/// Three events on a store, one after the other.
fn begun() -> (Bench, Place) {
    let (mut bench, mut place) = (Bench::new(), Place::default());
    bench
        .delivery
        .connected(Some("first".to_owned()), bench.now);
    for events in [0, 1, 1] {
        bench.emit(events);
        bench.serve(&mut place, ALL);
    }
    assert_eq!(seqs(&mut place), [Some(0), Some(1), Some(2)]);
    (bench, place)
}

/// What the stream has, with none for what others wrote.
fn seqs(place: &mut Place) -> Vec<Option<u64>> {
    let events = place.stream(JOB).iter().cloned().map(Event::from);
    events.map(|event| event.seq()).collect()
}

/// Another's entry, above all that is there and was.
fn cross(place: &mut Place, ms: u64) {
    let id = EventId::new(last(place).ms() + ms, 0);
    place.stream(JOB).push(Entry::new(id, [("data", "{}")]));
}

fn last(place: &mut Place) -> EventId {
    let last = place.stream(JOB).last();
    last.map_or(EventId::ZERO, |last| last.id)
}

#[test]
fn a_store_that_has_gone_back_gets_what_it_lost_before_anything_new() {
    let mut bench = Bench::new();
    let first = bench.deliver("one");
    bench.emit(2);
    let second = bench.deliver("one");
    bench.emit(1);
    bench.reconnect("two");
    let (id, replayed) = bench.append();
    assert_eq!(ids(&replayed), ids(&first));
    assert!(replayed.expire.is_some(), "the stream may be a new one");
    assert!(
        bench.delivery.next_command().is_none(),
        "what is new waits for what is old"
    );
    // The first is still there, the second is not.
    bench.answer(id, all_refused(&replayed, Class::Conflict));
    let (id, look) = bench.look();
    assert_eq!((look.from, look.count), (ids(&second)[1], 1));
    let newest = entries(&first).pop();
    let (entries, info) = (Vec::new(), info(ids(&first)[0], newest));
    bench.answer(id, Answer::Seen { entries, info });
    let (id, replayed) = bench.append();
    assert_eq!(ids(&replayed), ids(&second));
    bench.answer(id, taken(&replayed));
    assert_eq!(bench.delivery.counts().replayed, 2);
    let (id, new) = bench.append();
    assert_eq!(bench::seqs(&new), [3]);
    assert_eq!(bench.answer(id, taken(&new)).delivered, 4);
    bench.reconnect("two");
    assert!(bench.delivery.next_command().is_none(), "it is through");
}

#[test]
fn what_was_lost_goes_above_what_others_have_written_since_and_what_is_new_above_that() {
    let (mut bench, mut place) = begun();
    place.stream(JOB).truncate(1);
    cross(&mut place, 3_600_000);
    bench.emit(1);
    bench.reconnect("second");
    bench.serve(&mut place, ALL);
    assert_eq!(seqs(&mut place), [Some(0), None, Some(1), Some(2), Some(3)]);
    assert!(place.stream(JOB).is_sorted_by_key(|entry| entry.id));
    assert_eq!(bench.delivery.counts().replayed, 2);
    assert!(!bench.delivery.is_replaying());
}

/// As by a reaper that is about to declare the run lost: the id is no event's.
#[test]
fn what_was_lost_goes_above_the_id_to_which_others_have_set_the_stream() {
    let mut bench = Bench::new();
    let first = bench.deliver("one");
    bench.emit(2);
    let second = bench.deliver("one");
    bench.reconnect("two");
    let (id, replayed) = bench.append();
    bench.answer(id, all_refused(&replayed, Class::Conflict));
    let set = EventId::new(ids(&second)[1].ms() + 3_600_000, 0);
    for is_all in [false, true] {
        let (id, _) = bench.look();
        let there = entries(&first);
        let info = info(set, there.last().cloned());
        let entries = there.into_iter().filter(|_| is_all).collect();
        bench.answer(id, Answer::Seen { entries, info });
    }
    let (id, replayed) = bench.append();
    assert_eq!(bench::seqs(&replayed), [1, 2]);
    assert!(ids(&replayed)[0] > set);
    bench.answer(id, taken(&replayed));
    assert_eq!(bench.delivery.counts().replayed, 2);
    assert!(!bench.delivery.is_replaying());
}

/// As a reaper and a watch do that declare runs lost at the same time.
#[test]
fn nothing_is_left_out_where_others_write_right_above_the_last_while_it_is_replayed() {
    let (mut bench, mut place) = begun();
    for _ in 0..2 {
        bench.emit(2);
        bench.serve(&mut place, ALL);
    }
    place.stream(JOB).truncate(1);
    cross(&mut place, 3_600_000);
    bench.reconnect("second");
    let mut others = 0;
    while let Some((id, command)) = bench.delivery.next_command() {
        if let Command::Append(append) = &command
            && append.entries.len() > 1
            && append.entries[0].id > Some(last(&mut place))
            && others < 2
        {
            let above = last(&mut place).next();
            place.stream(JOB).push(Entry::new(above, [("data", "{}")]));
            others += 1;
        }
        let answer = place.answer(&command);
        bench.answer(id, answer);
    }
    assert_eq!(others, 2);
    let own: Vec<_> = seqs(&mut place).into_iter().flatten().collect();
    assert_eq!(own, [0, 1, 2, 3, 4, 5, 6]);
    assert_eq!(bench.delivery.counts().replayed, 6);
}

#[test]
fn a_store_that_has_all_is_looked_at_once_for_each_stream() {
    for is_crossed in [false, true] {
        let (mut bench, mut place) = begun();
        if is_crossed {
            cross(&mut place, 1);
        }
        bench.reconnect("second");
        let (mut appends, mut looks) = (0, 0);
        while let Some((id, command)) = bench.delivery.next_command() {
            match &command {
                Command::Append(_) => appends += 1,
                _ => looks += 1,
            }
            let answer = place.answer(&command);
            bench.answer(id, answer);
        }
        // Behind another's entry it takes one more.
        assert_eq!((appends, looks), (1, 1 + usize::from(is_crossed)));
        assert_eq!(place.stream(JOB).len(), 3 + usize::from(is_crossed));
        assert!(!bench.delivery.is_replaying());
    }
}

/// Whatever it has by then, under whichever ids.
#[test]
fn what_was_put_elsewhere_is_not_doubled_where_the_name_leads_back() {
    let (mut bench, mut first) = begun();
    let mut second = Place::default();
    second.stream(JOB).push(first.stream(JOB)[0].clone());
    cross(&mut second, 3_600_000);
    bench.reconnect("second");
    bench.serve(&mut second, ALL);
    let moved = [Some(0), None, Some(1), Some(2)];
    assert_eq!(seqs(&mut second), moved);
    bench.reconnect("first");
    bench.serve(&mut first, ALL);
    assert_eq!(seqs(&mut first), [Some(0), Some(1), Some(2)]);
    bench.reconnect("second");
    bench.serve(&mut second, ALL);
    assert_eq!(seqs(&mut second), moved);
    second.stream(JOB).truncate(3);
    bench.reconnect("third");
    bench.serve(&mut second, ALL);
    assert_eq!(seqs(&mut second), moved);
}

#[test]
fn a_stream_to_which_others_always_come_first_is_given_up_and_that_is_counted() {
    let (mut bench, mut place) = begun();
    place.stream(JOB).truncate(1);
    bench.reconnect("second");
    let mut appends = 0;
    while let Some((id, command)) = bench.delivery.next_command() {
        if let Command::Append(_) = &command {
            cross(&mut place, 10_000_000);
            appends += 1;
        }
        assert!(appends < 100, "it goes on for ever");
        let answer = place.answer(&command);
        bench.answer(id, answer);
    }
    assert!(!bench.delivery.is_replaying());
    let counts = bench.delivery.counts();
    assert_eq!((counts.replayed, counts.unplaced), (0, 2));
}

#[test]
fn without_the_right_to_look_what_is_refused_counts_as_there_after_a_while() {
    let (mut bench, _) = begun();
    bench.reconnect("second");
    let mut looks = 0;
    while bench.delivery.is_replaying() {
        let Some((id, command)) = bench.delivery.next_command() else {
            bench.now = bench.delivery.next_tick().unwrap();
            bench.delivery.tick(bench.now);
            continue;
        };
        let answer = match command {
            Command::Append(append) => all_refused(&append, Class::Conflict),
            _ => Answer::Refused(Fault::new(Class::Denied, "no")),
        };
        looks += usize::from(matches!(answer, Answer::Refused(_)));
        bench.answer(id, answer);
    }
    assert!((2..20).contains(&looks), "{looks}");
}
