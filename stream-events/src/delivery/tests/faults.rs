//! What is rare: a store that goes back, an event that nothing can bear, time that is up.

use std::time::Duration;

use super::bench::{Bench, all_refused, entries, ids, info, seqs, taken};
use super::*;
use crate::delivery::batch::STRIKES;
use crate::event::EventType;
use crate::settings::Durability;
use crate::store::Append;
use crate::{Fields, Publisher};

const FAR: Duration = Duration::from_secs(60);

fn epoch(name: &str) -> Option<Epoch> {
    Some(name.to_owned())
}

impl Bench {
    /// Delivers all that waits, over a connection to this epoch.
    pub(super) fn deliver(&mut self, name: &str) -> Arc<Append> {
        self.delivery.connected(epoch(name), self.now);
        let (id, append) = self.append();
        self.answer(id, taken(&append));
        append
    }

    pub(super) fn reconnect(&mut self, name: &str) {
        self.delivery.connection_lost(self.now);
        self.delivery.connected(epoch(name), self.now);
    }
}

#[test]
fn a_replay_that_breaks_off_is_begun_again() {
    let mut bench = Bench::new();
    let first = bench.deliver("one");
    bench.reconnect("two");
    let (id, replayed) = bench.append();
    bench.answer(id, all_refused(&replayed, Class::Later));
    assert!(bench.delivery.next_command().is_none(), "it rests");
    bench.delivery.tick(bench.now + LONGEST_REST);
    assert_eq!(ids(&bench.append().1), ids(&first));
    bench.reconnect("two");
    let (id, replayed) = bench.append();
    assert_eq!(ids(&replayed), ids(&first));
    bench.answer(id, taken(&replayed));
    assert!(!bench.delivery.is_replaying());
}

/// Where connections break all the time, it would never come to its end from the beginning.
#[test]
fn a_replay_that_breaks_off_goes_on_where_it_was() {
    let mut bench = Bench::new();
    let parts = [(); 3].map(|()| {
        bench.emit(1);
        bench.deliver("one")
    });
    for part in parts {
        bench.reconnect("two");
        let (id, replayed) = bench.append();
        assert_eq!(ids(&replayed), ids(&part));
        bench.answer(id, taken(&replayed));
    }
    assert!(!bench.delivery.is_replaying());
}

#[test]
fn a_connection_to_the_same_data_replays_nothing() {
    let mut bench = Bench::new();
    bench.deliver("one");
    bench.reconnect("one");
    assert!(bench.delivery.next_command().is_none());
    bench.delivery.connection_lost(bench.now);
    bench.delivery.connected(None, bench.now);
    assert!(
        bench.delivery.next_command().is_none(),
        "nor one that does not tell"
    );
}

/// Breaks the connection whenever this seq is sent, until nothing is left to do.
fn lose_at(bench: &mut Bench, poison: u64) -> u32 {
    let mut breaks = 0;
    for _ in 0..200 {
        while let Some(taken) = bench.core.queue.take(bench.now) {
            bench.delivery.accept(taken, bench.now);
        }
        let Some((id, command)) = bench.delivery.next_command() else {
            let Some(due) = bench.delivery.next_tick() else {
                return breaks;
            };
            bench.now = due;
            bench.delivery.tick(due);
            continue;
        };
        match command {
            Command::Append(append) if seqs(&append).contains(&poison) => {
                breaks += 1;
                bench.reconnect("one");
            }
            Command::Append(append) => {
                bench.answer(id, taken(&append));
            }
            Command::Look(look) => {
                let info = info(look.to, None);
                bench.answer(
                    id,
                    Answer::Seen {
                        entries: Vec::new(),
                        info,
                    },
                );
            }
            Command::Confirm(confirm) => panic!("{confirm:?}"),
        }
    }
    panic!("it goes on for ever");
}

#[test]
fn an_event_at_which_every_connection_breaks_is_dropped_alone() {
    let mut bench = Bench::new();
    bench.emit(99);
    let start = bench.now;
    let breaks = lose_at(&mut bench, 50);
    let stats = bench.core.queue.counters.stats();
    assert_eq!(
        (stats.delivered, stats.dropped.rejected, stats.pending),
        (99, 1, 0)
    );
    assert!((8..20).contains(&breaks), "{breaks}");
    assert!(
        bench.now - start > Duration::from_secs(3),
        "it had its time"
    );
}

#[test]
fn an_event_that_arrived_before_the_connection_broke_is_no_poison() {
    let mut bench = Bench::new();
    let mut sent = bench.append().1;
    for _ in 0..20 {
        bench.reconnect("one");
        bench.delivery.tick(bench.now + FAR);
        match bench.command() {
            (_, Command::Append(append)) => sent = append,
            (id, Command::Look(look)) => {
                let entries = entries(&sent);
                let info = info(look.to, None);
                let stats = bench.answer(id, Answer::Seen { entries, info });
                assert_eq!((stats.delivered, stats.dropped.total()), (1, 0));
                return;
            }
            (_, other) => panic!("{other:?}"),
        }
    }
    panic!("it was never looked for");
}

#[test]
fn a_refusal_in_unknown_words_is_the_events_fault_only_where_others_are_taken() {
    let mut bench = Bench::new();
    let other = bench.another("job_002");
    for round in 0..20 {
        let (id, append) = bench.append_of("job_001");
        let stats = bench.answer(id, all_refused(&append, Class::Odd));
        if stats.dropped.rejected > 0 {
            assert_eq!(round, 9 + STRIKES, "one strike for each that was taken");
            return;
        }
        if round >= 10 {
            let row = EventType::domain("row");
            other.emit(row, Fields::new(), None).unwrap();
            let (id, append) = bench.append_of("job_002");
            bench.answer(id, taken(&append));
        }
        bench.now += FAR;
        bench.delivery.tick(bench.now);
    }
    panic!("it is never dropped");
}

#[test]
fn what_is_past_its_time_is_dropped_but_for_starts_and_ends() {
    let mut bench = Bench::of(Publisher::builder().delivery_timeout(FAR));
    bench.emit(2);
    bench.now += 2 * FAR;
    let (id, append) = bench.append();
    assert_eq!(seqs(&append), [0], "the start waits on");
    bench.emit(1);
    let stats = bench.answer(id, taken(&append));
    assert_eq!((stats.dropped.expired, stats.delivered), (2, 1));
    bench.now -= 2 * FAR;
    let (id, append) = bench.append();
    assert_eq!(seqs(&append), [3], "with a hole before it");
    bench.answer(id, all_refused(&append, Class::Later));
    bench.now += 2 * FAR;
    bench.delivery.tick(bench.now);
    let (id, append) = bench.append();
    let stats = bench.answer(id, all_refused(&append, Class::Later));
    assert_eq!((stats.dropped.expired, stats.pending), (3, 0));
}

#[test]
fn what_may_have_arrived_is_not_dropped_for_its_time() {
    let mut bench = Bench::of(Publisher::builder().delivery_timeout(FAR));
    bench.deliver("one");
    bench.emit(1);
    bench.append();
    bench.reconnect("one");
    bench.now += 2 * FAR;
    let (id, append) = bench.append();
    let stats = bench.answer(id, all_refused(&append, Class::Later));
    assert_eq!((stats.dropped.expired, stats.pending), (0, 1));
}

#[test]
fn an_end_counts_once_it_is_durable() {
    let mut bench = Bench::of(Publisher::builder().durability(Durability::Fsynced));
    bench.run.complete(&(), &Fields::new(), None).unwrap();
    let append = bench.deliver("one");
    assert_eq!(seqs(&append), [0, 1]);
    assert_eq!(bench.core.queue.counters.stats().pending, 2);
    let other = epoch("another");
    assert!(
        bench.delivery.confirms(other.as_ref()).is_empty(),
        "it is not there"
    );
    let one = epoch("one");
    let [(id, _)] = bench.delivery.confirms(one.as_ref())[..] else {
        panic!("one end is to be confirmed");
    };
    bench.answer(id, Answer::Confirmed(Ok(false)));
    bench.delivery.confirm_lost();
    let [(id, _)] = bench.delivery.confirms(one.as_ref())[..] else {
        panic!("it is asked for again");
    };
    let stats = bench.answer(id, Answer::Confirmed(Ok(true)));
    assert_eq!((stats.delivered, stats.pending), (2, 0));
}

#[test]
fn an_end_that_the_store_lost_is_brought_back_before_it_is_confirmed() {
    let mut bench = Bench::of(Publisher::builder().durability(Durability::Fsynced));
    bench.run.complete(&(), &Fields::new(), None).unwrap();
    bench.deliver("one");
    bench.reconnect("two");
    let two = epoch("two");
    assert!(bench.delivery.confirms(two.as_ref()).is_empty());
    let (id, replayed) = bench.append();
    bench.answer(id, taken(&replayed));
    assert_eq!(bench.delivery.confirms(two.as_ref()).len(), 1);
}

#[test]
fn where_nothing_can_be_made_durable_an_end_counts_all_the_same() {
    let mut bench = Bench::of(Publisher::builder().durability(Durability::Fsynced));
    bench.run.complete(&(), &Fields::new(), None).unwrap();
    bench.deliver("one");
    let (id, _) = bench
        .delivery
        .confirms(epoch("one").as_ref())
        .pop()
        .unwrap();
    let never = Fault::new(Class::Never, "no");
    let stats = bench.answer(id, Answer::Confirmed(Err(never)));
    assert_eq!((stats.delivered, stats.pending), (2, 0));
    assert_eq!(bench.delivery.counts().unconfirmed, 1);
}
