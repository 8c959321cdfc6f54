//! Streams, readers and changes in any order.

use std::collections::VecDeque;

use proptest::prelude::*;
use tokio::sync::oneshot::{self, Receiver, error::TryRecvError};

use super::*;
use crate::event::Entry;

fn entry(n: u64) -> Entry {
    Entry::new(EventId::new(n, 0), [("n", n.to_string())])
}

fn key(stream: usize) -> Arc<str> {
    format!("job_events:{stream}").into()
}

/// A store whose changes are heard in order, and late.
#[derive(Default)]
struct World {
    streams: [Vec<u64>; STREAMS],
    next: u64,
    unheard: VecDeque<usize>,
    topics: Topics,
    on_their_way: VecDeque<(Batch, Option<Vec<Page>>)>,
    readers: Vec<Reader>,
    asked: usize,
}

struct Reader {
    stream: usize,
    after: EventId,
    told: Option<Receiver<Page>>,
    seen: Vec<u64>,
}

const STREAMS: usize = 3;
const READERS: usize = 5;

#[derive(Debug, Clone)]
enum Step {
    Append(usize),
    Delete(usize),
    Hear,
    HearAll,
    /// With a page of so many.
    Read(usize, usize),
    Cancel(usize),
    /// What is sent may be read at once, or when it is answered.
    Send(bool, bool),
    Answer,
    Look(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => (0..STREAMS).prop_map(Step::Append),
        1 => (0..STREAMS).prop_map(Step::Delete),
        6 => Just(Step::Hear),
        1 => Just(Step::HearAll),
        8 => (0..READERS, 1..4_usize).prop_map(|(reader, count)| Step::Read(reader, count)),
        1 => (0..READERS).prop_map(Step::Cancel),
        8 => (any::<bool>(), any::<bool>()).prop_map(|(live, at_once)| Step::Send(live, at_once)),
        8 => Just(Step::Answer),
        8 => (0..READERS).prop_map(Step::Look),
    ];
    prop::collection::vec(step, 1..120)
}

impl World {
    fn new() -> Self {
        let mut world = Self::default();
        for reader in 0..READERS {
            let stream = reader % STREAMS;
            world.topics.enter(&key(stream));
            world.readers.push(Reader {
                stream,
                after: EventId::ZERO,
                told: None,
                seen: Vec::new(),
            });
        }
        world
    }

    fn take(&mut self, step: &Step) {
        match *step {
            Step::Append(stream) => {
                self.next += 1;
                self.streams[stream].push(self.next);
                self.unheard.push_back(stream);
            }
            Step::Delete(stream) => {
                self.streams[stream].clear();
                self.unheard.push_back(stream);
            }
            Step::Hear => {
                if let Some(stream) = self.unheard.pop_front() {
                    self.topics.changed(&key(stream));
                }
            }
            Step::HearAll => self.topics.all_changed(),
            Step::Read(reader, count) => self.read(reader, count),
            Step::Cancel(reader) => self.readers[reader].told = None,
            Step::Send(true, at_once) => self.send(Lane::Live, at_once),
            Step::Send(false, at_once) => self.send(Lane::Behind, at_once),
            Step::Answer => self.answer(),
            Step::Look(reader) => self.look(reader),
        }
    }

    fn read(&mut self, reader: usize, count: usize) {
        let reader = &mut self.readers[reader];
        if reader.told.is_some() {
            return;
        }
        let (tell, told) = oneshot::channel();
        reader.told = Some(told);
        let read = Read {
            after: reader.after,
            count,
            is_behind: count == 1,
            tell,
        };
        self.topics.read(key(reader.stream), read);
    }

    fn send(&mut self, lane: Lane, at_once: bool) {
        let Some(batch) = self.topics.batch(lane) else {
            return;
        };
        self.asked += batch.wanted.len();
        let pages = at_once.then(|| self.pages(&batch));
        let asked = |batch: &Batch| batch.asked.iter().map(name).collect::<Vec<_>>();
        for (other, _) in &self.on_their_way {
            let other = asked(other);
            assert!(
                asked(&batch).iter().all(|due| !other.contains(due)),
                "one read of a cursor at a time"
            );
        }
        self.on_their_way.push_back((batch, pages));
    }

    fn answer(&mut self) {
        if let Some((batch, pages)) = self.on_their_way.pop_front() {
            let pages = pages.unwrap_or_else(|| self.pages(&batch));
            self.topics.answered(batch, pages);
        }
    }

    fn pages(&self, batch: &Batch) -> Vec<Page> {
        let page = |wanted: &Wanted| {
            let stream = (0..STREAMS).find(|stream| *key(*stream) == *wanted.key);
            let entries = self.streams[stream.unwrap()].iter().copied().map(entry);
            let behind = entries.filter(|entry| entry.id > wanted.after);
            Ok(behind.take(wanted.count).collect())
        };
        batch.wanted.iter().map(page).collect()
    }

    fn look(&mut self, reader: usize) {
        let reader = &mut self.readers[reader];
        let Some(told) = &mut reader.told else { return };
        match told.try_recv() {
            Ok(page) => {
                for entry in page.unwrap() {
                    assert!(entry.id > reader.after, "none comes twice");
                    reader.after = entry.id;
                    reader.seen.push(entry.id.ms());
                }
                reader.told = None;
            }
            Err(TryRecvError::Closed) => panic!("a read is forgotten"),
            Err(TryRecvError::Empty) => {}
        }
    }

    /// All is heard, read and answered.
    fn settle(&mut self) {
        for _ in 0..200 {
            let was_still = self.on_their_way.is_empty() && self.unheard.is_empty();
            let before = self.asked;
            for reader in 0..READERS {
                self.look(reader);
                self.read(reader, 2);
            }
            while let Some(stream) = self.unheard.pop_front() {
                self.topics.changed(&key(stream));
            }
            self.send(Lane::Live, false);
            self.send(Lane::Behind, false);
            while !self.on_their_way.is_empty() {
                self.answer();
            }
            let is_still = was_still && self.asked == before;
            if is_still && self.readers.iter().all(|reader| reader.told.is_some()) {
                return;
            }
        }
        panic!("there is always more to read");
    }
}

fn name(due: &Due) -> (Arc<str>, EventId) {
    (Arc::clone(&due.key), due.after)
}

proptest! {
    #[test]
    fn whatever_happens_each_reader_has_each_entry_once(steps in steps()) {
        let mut world = World::new();
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
