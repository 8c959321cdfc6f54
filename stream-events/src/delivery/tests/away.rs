//! A part of the store that is away, with what it was sent perhaps, while the rest is at work.

use std::time::Duration;

use super::bench::{Bench, all_refused, entries, ids, info, seqs, taken};
use super::*;

const FAR: Duration = Duration::from_secs(60);

#[test]
fn what_a_part_that_is_away_may_have_is_sent_again_under_its_ids() {
    let mut bench = Bench::new();
    let (id, sent) = bench.append();
    bench.answer(id, all_refused(&sent, Class::Away));
    assert!(bench.delivery.next_command().is_none(), "it rests");
    assert_eq!(bench.delivery.trouble(), Some("no"));
    bench.delivery.tick(bench.now + LONGEST_REST);
    let (id, again) = bench.append();
    assert_eq!(ids(&again), ids(&sent));
    // It was there.
    bench.answer(id, all_refused(&again, Class::Conflict));
    let (id, look) = bench.look();
    let (entries, info) = (entries(&sent), info(look.to, None));
    let stats = bench.answer(id, Answer::Seen { entries, info });
    assert_eq!((stats.delivered, stats.dropped.total()), (1, 0));
}

/// What is said of the store would else change from one event to the next, for as long as the part is away.
#[test]
fn what_other_parts_take_is_no_end_of_what_is_said_of_one_that_is_away() {
    let mut bench = Bench::new();
    let _other = bench.another("job_002");
    let (id, sent) = bench.append();
    bench.answer(id, all_refused(&sent, Class::Away));
    let (other, theirs) = bench.append();
    assert_ne!(theirs.key, sent.key);
    bench.answer(other, taken(&theirs));
    assert_eq!(bench.delivery.trouble(), Some("no"));
    bench.rest();
    let (id, again) = bench.append();
    bench.answer(id, taken(&again));
    assert_eq!(bench.delivery.trouble(), None);
}

#[test]
fn what_a_part_that_is_away_may_have_is_not_dropped_for_its_time() {
    let mut bench = Bench::of(Publisher::builder().delivery_timeout(FAR));
    let (id, start) = bench.append();
    bench.answer(id, taken(&start));
    bench.emit(1);
    let (id, sent) = bench.append();
    bench.answer(id, all_refused(&sent, Class::Away));
    bench.now += 2 * FAR;
    bench.delivery.tick(bench.now);
    let (id, again) = bench.append();
    let stats = bench.answer(id, all_refused(&again, Class::Later));
    assert_eq!((stats.dropped.expired, stats.pending), (0, 1));
}

/// Whatever comes after it goes on, as do the other parts.
#[test]
fn an_event_over_which_its_part_is_lost_each_time_is_dropped_alone() {
    let mut bench = Bench::new();
    bench.emit(99);
    let mut losses = 0;
    for _ in 0..200 {
        while let Some(taken) = bench.core.queue.take(bench.now) {
            bench.delivery.accept(taken, bench.now);
        }
        let Some((id, command)) = bench.delivery.next_command() else {
            let Some(due) = bench.delivery.next_tick() else {
                break;
            };
            bench.now = due;
            bench.delivery.tick(due);
            continue;
        };
        let answer = match command {
            Command::Append(append) if seqs(&append).contains(&50) => {
                losses += 1;
                all_refused(&append, Class::Away)
            }
            Command::Append(append) => taken(&append),
            Command::Look(look) => Answer::Seen {
                entries: Vec::new(),
                info: info(look.to, None),
            },
            Command::Confirm(confirm) => panic!("{confirm:?}"),
        };
        bench.answer(id, answer);
    }
    let stats = bench.core.queue.counters.stats();
    let settled = (stats.delivered, stats.dropped.rejected, stats.pending);
    assert_eq!(settled, (99, 1, 0));
    assert!((8..20).contains(&losses), "{losses}");
}

#[test]
fn what_is_replayed_to_a_part_that_is_away_waits_and_is_not_waited_for_for_ever() {
    let mut bench = Bench::new();
    bench.deliver("one");
    bench.emit(1);
    bench.deliver("one");
    bench.reconnect("two");
    let mut losses = 0;
    while let Some((id, Command::Append(append))) = bench.delivery.next_command() {
        assert!(losses < 20, "it goes on for ever");
        let is_poison = seqs(&append) == [0];
        losses += u32::from(is_poison);
        let answer = match is_poison {
            true => all_refused(&append, Class::Away),
            false => taken(&append),
        };
        bench.answer(id, answer);
        if let Some(due) = bench.delivery.next_tick() {
            bench.now = due;
            bench.delivery.tick(due);
        }
    }
    assert!(losses > 3, "{losses}");
    assert_eq!(bench.delivery.counts().replayed, 1, "the one behind it");
    assert!(!bench.delivery.is_replaying());
}
