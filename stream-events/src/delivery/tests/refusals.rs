//! A store that takes one thing and refuses another: what can still be delivered in order, and what can
//! only be dropped.

use super::bench::{Bench, FAR, all_refused, entries, ids, info, taken};
use super::*;
use crate::event::EventType;
use crate::{Fields, Publisher};

impl Bench {
    /// Others come first so often that the store is to choose the ids.
    fn share(&mut self) {
        loop {
            let (id, append) = self.append();
            let Some(last) = append.entries.last().and_then(|entry| entry.id) else {
                self.delivery.connection_lost(self.now);
                return;
            };
            self.answer(id, all_refused(&append, Class::Conflict));
            let (id, _) = self.look();
            let (entries, info) = (Vec::new(), info(last, None));
            self.answer(id, Answer::Seen { entries, info });
        }
    }
}

#[test]
fn what_was_refused_alone_and_passed_is_dropped_and_not_called_delivered() {
    let mut bench = Bench::new();
    bench.emit(2);
    let (id, sent) = bench.append();
    assert_eq!(bench.refuse(id, &sent, &[1], Class::Later).delivered, 2);
    bench.rest();
    let (id, again) = bench.append();
    assert_eq!(ids(&again), [ids(&sent)[1]]);
    bench.answer(id, all_refused(&again, Class::Conflict));
    let (id, look) = bench.look();
    assert_eq!(
        (look.to, look.count),
        (ids(&sent)[2], 2),
        "what passed it is seen"
    );
    let stats = bench.show(id, &sent, &[2]);
    assert_eq!((stats.dropped.rejected, stats.pending), (1, 0));
}

#[test]
fn an_event_of_another_run_passes_nothing() {
    let mut bench = Bench::new();
    let other = bench.another("job_001");
    let (id, sent) = bench.append();
    // The start of the first run.
    let results = vec![Err(Fault::new(Class::Later, "no")), Ok(ids(&sent)[1])];
    bench.answer(id, Answer::Appended(results));
    bench.rest();
    let (id, again) = bench.append();
    bench.answer(id, all_refused(&again, Class::Conflict));
    let (id, _) = bench.look();
    let there = entries(&sent).pop().unwrap();
    let info = info(there.id, Some(there.clone()));
    let entries = vec![there];
    bench.answer(id, Answer::Seen { entries, info });
    let (id, again) = bench.append();
    assert!(ids(&again)[0] > ids(&sent)[1]);
    assert_eq!(bench.answer(id, taken(&again)).delivered, 2);
    drop(other);
}

#[test]
fn where_the_store_chooses_the_ids_what_was_passed_is_not_sent_again() {
    let mut bench = Bench::new();
    bench.emit(2);
    bench.share();
    let (id, sent) = bench.append();
    let chosen = |n| Ok(EventId::new(u64::MAX / 2, n));
    let results = vec![chosen(1), Err(Fault::new(Class::Later, "no")), chosen(2)];
    assert_eq!(sent.entries.len(), results.len());
    let stats = bench.answer(id, Answer::Appended(results));
    assert_eq!(
        (stats.delivered, stats.dropped.rejected, stats.pending),
        (2, 1, 0)
    );
}

#[test]
fn an_event_that_breaks_every_connection_is_dropped_also_where_the_store_chooses_the_ids() {
    let mut bench = Bench::new();
    bench.share();
    for _ in 0..40 {
        bench.rest();
        match bench.command() {
            (_, Command::Append(_)) => bench.reconnect("one"),
            (id, Command::Look(_)) => {
                let (entries, info) = (Vec::new(), info(EventId::MAX, None));
                let stats = bench.answer(id, Answer::Seen { entries, info });
                if stats.dropped.rejected == 1 {
                    return;
                }
            }
            (_, other) => panic!("{other:?}"),
        }
    }
    panic!("it goes on for ever");
}

#[test]
fn an_event_that_is_refused_oddly_and_may_be_there_is_looked_for_before_it_is_dropped() {
    let mut bench = Bench::new();
    let other = bench.another("job_002");
    bench.append_of("job_001");
    bench.delivery.connection_lost(bench.now);
    for _ in 0..20 {
        bench.rest();
        other
            .emit(EventType::domain("row"), Fields::new(), None)
            .unwrap();
        let (id, sent) = loop {
            match bench.command() {
                (id, Command::Append(append)) if append.key.ends_with("job_002") => {
                    bench.answer(id, taken(&append));
                }
                (id, Command::Append(append)) => break (id, append),
                (id, Command::Look(look)) => {
                    let (entries, info) = (Vec::new(), info(look.to, None));
                    let stats = bench.answer(id, Answer::Seen { entries, info });
                    assert_eq!(stats.dropped.rejected, 1);
                    return;
                }
                (_, other) => panic!("{other:?}"),
            }
        };
        bench.answer(id, all_refused(&sent, Class::Odd));
    }
    panic!("it goes on for ever");
}

#[test]
fn what_is_refused_oddly_past_its_time_is_dropped() {
    let mut bench = Bench::of(Publisher::builder().delivery_timeout(FAR));
    bench.deliver("one");
    bench.emit(1);
    let (id, sent) = bench.append();
    bench.answer(id, all_refused(&sent, Class::Odd));
    bench.now += 2 * FAR;
    bench.delivery.tick(bench.now);
    let (id, sent) = bench.append();
    let stats = bench.answer(id, all_refused(&sent, Class::Odd));
    assert_eq!((stats.dropped.expired, stats.pending), (1, 0));
}

#[test]
fn what_a_store_that_takes_no_more_may_have_is_looked_for() {
    let mut bench = Bench::new();
    bench.append();
    bench.delivery.connection_lost(bench.now);
    let (id, sent) = bench.append();
    bench.answer(id, all_refused(&sent, Class::Never));
    let (id, _) = bench.look();
    let stats = bench.show(id, &sent, &[0]);
    assert_eq!((stats.delivered, stats.dropped.total()), (1, 0));
}

#[test]
fn a_stream_that_was_deleted_gets_events_under_the_ids_that_they_have() {
    let mut bench = Bench::new();
    let (id, sent) = bench.append();
    bench.answer(id, all_refused(&sent, Class::Conflict));
    let (id, _) = bench.look();
    bench.show(id, &sent, &[]);
    // What a lost connection has of them may yet arrive, and is then refused, or refuses these.
    assert_eq!(ids(&bench.append().1), ids(&sent));
}
