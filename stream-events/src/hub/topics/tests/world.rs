//! A store, its readers, and the way between them.

use std::collections::VecDeque;

use proptest::prelude::*;
use tokio::sync::oneshot::{self, Receiver, error::TryRecvError};

use super::*;
use crate::event::Entry;

pub(super) fn entry(n: u64) -> Entry {
    Entry::new(EventId::new(n, 0), [("n", n.to_string())])
}

pub(super) fn key(stream: usize) -> Arc<str> {
    format!("job_events:{stream}").into()
}

/// A store whose changes are heard in order, and late.
#[derive(Default)]
pub(super) struct World {
    pub(super) streams: [Vec<u64>; STREAMS],
    pub(super) next: u64,
    unheard: VecDeque<usize>,
    /// Whether the store does not say what changes, and is asked in rounds.
    pub(super) is_asked: bool,
    pub(super) topics: Topics,
    on_their_way: VecDeque<(Batch, Option<Vec<Page>>)>,
    pub(super) readers: Vec<Reader>,
    pub(super) asked: usize,
}

pub(super) struct Reader {
    pub(super) stream: usize,
    pub(super) after: EventId,
    pub(super) told: Option<Receiver<Page>>,
    pub(super) seen: Vec<u64>,
}

pub(super) const STREAMS: usize = 3;
pub(super) const READERS: usize = 5;

#[derive(Debug, Clone)]
pub(super) enum Step {
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
    /// All of a stream's readers go, and come again.
    Leave(usize),
}

pub(super) fn steps() -> impl Strategy<Value = Vec<Step>> {
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
        2 => (0..STREAMS).prop_map(Step::Leave),
    ];
    prop::collection::vec(step, 1..120)
}

/// Two servers have them.
impl Default for Topics {
    fn default() -> Self {
        Self::new(|key| usize::from(key.ends_with('1')))
    }
}

impl World {
    pub(super) fn new() -> Self {
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

    pub(super) fn take(&mut self, step: &Step) {
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
            Step::Hear if self.is_asked => self.round(),
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
            Step::Leave(stream) => self.leave(stream),
        }
    }

    /// What stands behind the cursors has changed.
    fn round(&mut self) {
        for stream in 0..STREAMS {
            let Some(cursor) = self.topics.cursor(&key(stream)) else {
                continue;
            };
            let entries = &self.streams[stream];
            if entries.iter().any(|n| EventId::new(*n, 0) > cursor) {
                self.topics.changed(&key(stream));
            }
        }
    }

    fn leave(&mut self, stream: usize) {
        let readers = || (0..READERS).filter(|reader| reader % STREAMS == stream);
        for reader in readers() {
            self.readers[reader].told = None;
            self.topics.leave(&key(stream));
        }
        while let Some(stream) = self.unheard.pop_front() {
            self.topics.changed(&key(stream));
        }
        readers().for_each(|_| self.topics.enter(&key(stream)));
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
    pub(super) fn settle(&mut self) {
        for _ in 0..200 {
            let was_still = self.on_their_way.is_empty() && self.unheard.is_empty();
            let before = self.asked;
            for reader in 0..READERS {
                self.look(reader);
                self.read(reader, 2);
            }
            let heard = std::mem::take(&mut self.unheard);
            match self.is_asked {
                true => self.round(),
                false => (heard.iter()).for_each(|stream| self.topics.changed(&key(*stream))),
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

fn name(due: &Due) -> (Arc<str>, u64, EventId) {
    (Arc::clone(&due.key), due.topic, due.after)
}
