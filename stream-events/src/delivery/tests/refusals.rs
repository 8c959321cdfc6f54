//! A store that takes one thing and refuses another: what can still be delivered in order, and what can
//! only be dropped.

use super::bench::{Bench, all_refused, entries, ids, info, seqs, taken};
use super::*;
use crate::delivery::batch::STRIKES;
use crate::event::EventType;
use crate::store::Append;
use crate::{Fields, Publisher, Stats};

const FAR: Duration = Duration::from_secs(60);

impl Bench {
    /// Answers an append: `refused` of its seqs so, the others are taken.
    fn refuse(&mut self, id: BatchId, append: &Append, refused: &[u64], class: Class) -> Stats {
        let results = ids(append).into_iter().zip(seqs(append));
        let result = |(id, seq)| match refused.contains(&seq) {
            true => Err(Fault::new(class, "no")),
            false => Ok(id),
        };
        self.answer(id, Answer::Appended(results.map(result).collect()))
    }

    /// Answers a look: of what was sent these seqs are there, and nothing else is.
    fn show(&mut self, id: BatchId, sent: &Append, there: &[u64]) -> Stats {
        let all = entries(sent).into_iter().zip(seqs(sent));
        let entries: Vec<_> = all
            .filter(|(_, seq)| there.contains(seq))
            .map(|(entry, _)| entry)
            .collect();
        let last = entries.last().cloned();
        let last_id = last.as_ref().map_or(EventId::ZERO, |entry| entry.id);
        let info = info(last_id, last);
        self.answer(id, Answer::Seen { entries, info })
    }

    fn rest(&mut self) {
        self.now += FAR;
        self.delivery.tick(self.now);
    }

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

#[test]
fn a_stream_is_replayed_in_the_order_of_its_ids() {
    let mut bench = Bench::new();
    bench.deliver("one");
    bench.emit(2);
    bench.append();
    bench.reconnect("one");
    // The connection broke between the two events, and the first had arrived.
    let (id, sent) = bench.append();
    bench.refuse(id, &sent, &[1], Class::Conflict);
    let (id, _) = bench.look();
    assert_eq!(bench.show(id, &sent, &[1, 2]).delivered, 3);
    bench.reconnect("two");
    let mut replayed = Vec::new();
    for _ in 0..3 {
        let (id, append) = bench.append();
        replayed.extend(seqs(&append));
        bench.answer(id, taken(&append));
    }
    assert_eq!(replayed, [0, 1, 2]);
}

#[test]
fn a_replay_that_is_refused_oddly_is_given_up_only_where_others_are_taken() {
    let mut bench = Bench::new();
    let other = bench.another("job_002");
    bench.append_of("job_001");
    bench.delivery.connection_lost(bench.now);
    for _ in 0..2 {
        bench.deliver("one");
    }
    bench.reconnect("two");
    for _ in 0..2 * STRIKES {
        let (id, append) = bench.append();
        bench.answer(id, all_refused(&append, Class::Odd));
        let (id, append) = bench.append();
        bench.answer(id, all_refused(&append, Class::Odd));
        bench.rest();
    }
    assert!(bench.delivery.is_replaying());
    for tries in 0..20 {
        let row = EventType::domain("row");
        other.emit(row, Fields::new(), None).unwrap();
        let (id, append) = bench.append_of("job_001");
        bench.answer(id, all_refused(&append, Class::Odd));
        if !bench.delivery.is_replaying() {
            assert_eq!(tries, STRIKES, "one strike for each that was taken");
            return;
        }
        bench.rest();
    }
    panic!("it is never given up");
}

#[test]
fn a_store_that_takes_of_a_replay_what_it_could_not_is_well_again() {
    let mut bench = Bench::new();
    bench.deliver("one");
    bench.reconnect("two");
    let (id, replayed) = bench.append();
    bench.answer(id, all_refused(&replayed, Class::Later));
    assert_eq!(bench.delivery.trouble(), Some("no"));
    bench.rest();
    let (id, replayed) = bench.append();
    bench.answer(id, taken(&replayed));
    assert_eq!(bench.delivery.trouble(), None);
}

#[test]
fn a_replay_at_which_every_connection_breaks_holds_up_no_other_and_is_given_up() {
    let mut bench = Bench::new();
    bench.another("job_002");
    for _ in 0..2 {
        bench.deliver("one");
    }
    let mut breaks = 0;
    loop {
        bench.reconnect("two");
        let mut replayed = Vec::new();
        while let Some((id, Command::Append(append))) = bench.delivery.next_command() {
            replayed.push(append.key.ends_with("job_001"));
            if !replayed[replayed.len() - 1] {
                bench.answer(id, taken(&append));
            }
        }
        if replayed.is_empty() {
            break;
        }
        assert_eq!(replayed.contains(&false), breaks == 0, "others once");
        breaks += 1;
        assert!(breaks < 20, "it goes on for ever");
    }
    assert_eq!(breaks, 3 + STRIKES);
    assert!(!bench.delivery.is_replaying());
}
