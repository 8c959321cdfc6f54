//! Streams, readers and changes in any order.

mod world;

use proptest::prelude::*;
use tokio::sync::oneshot;

use super::*;
use crate::event::Entry;
use world::{READERS, STREAMS, Step, World, entry, key, steps};

proptest! {
    #[test]
    fn whatever_happens_each_reader_has_each_entry_once(steps in steps(), is_asked in any::<bool>()) {
        let mut world = World::new();
        world.is_asked = is_asked;
        let mut written: [Vec<u64>; STREAMS] = Default::default();
        let mut is_deleted = false;
        for step in &steps {
            world.take(step);
            match step {
                Step::Append(stream) => written[*stream].push(world.next),
                Step::Delete(_) => is_deleted = true,
                _ => {}
            }
        }
        world.settle();
        for reader in &world.readers {
            let last = world.streams[reader.stream].last();
            prop_assert!(last.is_none_or(|last| reader.after >= EventId::new(*last, 0)));
            if !is_deleted {
                prop_assert_eq!(&reader.seen, &written[reader.stream]);
            }
        }
    }
}

/// A world in which all readers of the first stream wait for its next entry.
fn waiting() -> World {
    let mut world = World::new();
    world.take(&Step::Append(0));
    world.settle();
    world
}

#[test]
fn those_who_have_come_equally_far_are_served_by_one_read_and_share_what_it_read() {
    let mut world = waiting();
    let before = world.asked;
    world.take(&Step::Append(0));
    world.settle();
    assert_eq!(world.asked, before + 1);
    let [mut first, mut other] = [0, 3].map(|reader| world.readers[reader].told.take().unwrap());
    world.take(&Step::Append(0));
    world.take(&Step::Hear);
    world.take(&Step::Send(true, true));
    world.take(&Step::Answer);
    let [first, other] = [&mut first, &mut other].map(|told| told.try_recv().unwrap().unwrap());
    assert_eq!(first, other);
    let bytes = |page: &[Entry]| page[0].field("n").unwrap().as_ptr();
    assert_eq!(bytes(&first), bytes(&other), "one copy");
}

#[test]
fn however_often_a_stream_changes_while_it_is_read_that_is_one_read_more() {
    let mut world = waiting();
    let before = world.asked;
    // A change of which nothing is left, so that the readers stay.
    world.topics.changed(&key(0));
    world.take(&Step::Send(true, true));
    (0..10).for_each(|_| world.topics.changed(&key(0)));
    world.take(&Step::Answer);
    world.take(&Step::Send(true, true));
    assert_eq!(world.asked, before + 2);
    // The last one was in vain: it is looked whether there is a stream, and that is all.
    world.take(&Step::Answer);
    world.settle();
    assert_eq!(world.asked, before + 3);
}

#[test]
fn a_stream_that_is_gone_wakes_those_who_wait_for_it() {
    let mut world = waiting();
    world.take(&Step::Delete(0));
    world.take(&Step::Hear);
    for _ in 0..2 {
        world.take(&Step::Send(true, true));
        world.take(&Step::Answer);
    }
    let told = world.readers[0].told.as_mut().unwrap().try_recv();
    assert_eq!(told.unwrap(), Ok(vec![]));
    // One that waits for a job that is not there yet goes on.
    assert!(world.readers[1].told.as_mut().unwrap().try_recv().is_err());
}

/// One that comes later sees first what another waits for, which is to have it, too.
#[test]
fn where_it_is_asked_what_changes_nobody_is_passed_over_by_who_has_come_further() {
    let mut world = World::new();
    world.is_asked = true;
    let round_trip = [Step::Send(true, true), Step::Answer];
    for step in [Step::Append(0), Step::Read(0, 2)]
        .iter()
        .chain(&round_trip)
    {
        world.take(step);
    }
    for step in [
        Step::Look(0),
        Step::Read(0, 2),
        Step::Append(0),
        Step::Read(3, 3),
    ] {
        world.take(&step);
    }
    round_trip.iter().for_each(|step| world.take(step));
    world.settle();
    assert_eq!(world.readers[0].seen, [1, 2]);
}

#[test]
fn those_who_wait_in_vain_and_those_who_have_gone_leave_nothing() {
    let mut world = waiting();
    let read = |world: &mut World, after| {
        let (tell, told) = oneshot::channel();
        let (count, is_behind) = (1, false);
        let read = Read {
            after,
            count,
            is_behind,
            tell,
        };
        world.topics.read(key(0), read);
        told
    };
    for _ in 0..1000 {
        drop(read(&mut world, EventId::new(1, 0)));
        world.topics.enter(&key(0));
        let told = read(&mut world, EventId::new(7, 0));
        drop(told);
        world.topics.leave(&key(0));
    }
    let held = format!("{:?}", world.topics.by_key[&key(0)])
        .matches("tell")
        .count();
    assert!(held < 10, "{held}");
    for reader in 0..READERS {
        world.topics.leave(&key(reader % STREAMS));
    }
    assert!(world.topics.by_key.is_empty());
}

/// Somebody waits for the next entry of this stream.
fn wait(topics: &mut Topics, key: &str, is_behind: bool) -> oneshot::Receiver<Page> {
    let (tell, told) = oneshot::channel();
    let (key, after, count) = (key.into(), EventId::ZERO, 1);
    topics.enter(&key);
    let read = Read {
        after,
        count,
        is_behind,
        tell,
    };
    topics.read(key, read);
    told
}

fn batches(topics: &mut Topics, lane: Lane) -> Vec<Batch> {
    std::iter::from_fn(|| topics.batch(lane)).collect()
}

#[test]
fn each_server_is_asked_for_so_many_at_a_time_whatever_the_others_do() {
    for (lane, sent) in [(Lane::Live, [128, 1]), (Lane::Behind, [4, 1])] {
        let mut topics = Topics::default();
        let is_behind = lane == Lane::Behind;
        let of_one: Vec<_> = (0..200).map(|n| format!("{n}:0")).collect();
        let of_other = "0:1".to_owned();
        let all = of_one.iter().chain([&of_other]);
        let told: Vec<_> = all.map(|key| wait(&mut topics, key, is_behind)).collect();
        let mut on_their_way = batches(&mut topics, lane);
        let reads = [0, 1].map(|server| {
            let of_server = on_their_way.iter().filter(|it| it.server == server);
            of_server.map(|batch| batch.wanted.len()).sum::<usize>()
        });
        assert_eq!(reads, sent);
        // An answer makes room for one more.
        let answered = on_their_way.remove(0);
        let pages = answered.wanted.iter().map(|_| Ok(vec![entry(1)])).collect();
        topics.answered(answered, pages);
        assert_eq!(batches(&mut topics, lane).len(), 1);
        drop(told);
    }
}
