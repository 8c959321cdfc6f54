//! What a store that went back refuses of what it had.

use super::bench::{Bench, all_refused, seqs, taken};
use super::*;
use crate::Fields;
use crate::delivery::batch::STRIKES;
use crate::event::EventType;

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
