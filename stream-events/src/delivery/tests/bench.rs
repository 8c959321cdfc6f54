//! A scripted store.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::super::*;
use crate::event::{Entry, EventType};
use crate::job::{JobId, Plan, Run};
use crate::publisher::{Builder, Core, Publisher};
use crate::store::{Append, Class, Fault, NewEntry, StreamInfo};
use crate::{Event, EventId, Fields, Stats};

/// A publisher without a worker: the test is the worker, and the store.
pub(super) struct Bench {
    pub(super) core: Arc<Core>,
    pub(super) delivery: Delivery,
    pub(super) run: Arc<Run>,
    pub(super) now: Instant,
}

impl Bench {
    pub(super) fn new() -> Self {
        Self::of(Publisher::builder())
    }

    pub(super) fn of(builder: Builder) -> Self {
        let core = builder.url("memory:").unattended();
        let job = JobId::try_from("job_001").unwrap();
        let run = Run::begin(&core, Plan::new(job, "t"), None).unwrap();
        let delivery = Delivery::new(Arc::clone(&core.settings));
        Self {
            core,
            delivery,
            run,
            now: Instant::now(),
        }
    }

    /// A run of another job.
    pub(super) fn another(&self, job: &str) -> Arc<Run> {
        let job = JobId::try_from(job).unwrap();
        Run::begin(&self.core, Plan::new(job, "t"), None).unwrap()
    }

    /// The next append of this job; those of others are taken.
    pub(super) fn append_of(&mut self, job: &str) -> (BatchId, Arc<Append>) {
        loop {
            let (id, append) = self.append();
            if append.key.ends_with(job) {
                return (id, append);
            }
            self.answer(id, taken(&append));
        }
    }

    pub(super) fn emit(&self, events: usize) {
        for _ in 0..events {
            self.run
                .emit(EventType::domain("row"), Fields::new(), None)
                .unwrap();
        }
    }

    /// The next append, after all that waits in the queue was accepted.
    pub(super) fn append(&mut self) -> (BatchId, Arc<Append>) {
        match self.command() {
            (id, Command::Append(append)) => (id, append),
            (_, other) => panic!("{other:?}"),
        }
    }

    pub(super) fn look(&mut self) -> (BatchId, Look) {
        match self.command() {
            (id, Command::Look(look)) => (id, look),
            (_, other) => panic!("{other:?}"),
        }
    }

    pub(super) fn command(&mut self) -> (BatchId, Command) {
        while let Some(taken) = self.core.queue.take(self.now) {
            self.delivery.accept(taken, self.now);
        }
        self.delivery
            .next_command()
            .expect("there is something to do")
    }

    pub(super) fn answer(&mut self, id: BatchId, answer: Answer) -> Stats {
        self.delivery.answer(id, answer, self.now);
        for settled in self.delivery.take_settled() {
            self.core.queue.settle(settled.events);
            if let Some((lane, position)) = settled.lane {
                self.core.queue.release(lane, position);
            }
        }
        self.core.queue.counters.stats()
    }

    /// Answers an append: `refused` of its seqs so, the others are taken.
    pub(super) fn refuse(
        &mut self,
        id: BatchId,
        append: &Append,
        refused: &[u64],
        class: Class,
    ) -> Stats {
        let results = ids(append).into_iter().zip(seqs(append));
        let result = |(id, seq)| match refused.contains(&seq) {
            true => Err(Fault::new(class, "no")),
            false => Ok(id),
        };
        self.answer(id, Answer::Appended(results.map(result).collect()))
    }

    /// Answers a look: of what was sent these seqs are there, and nothing else is.
    pub(super) fn show(&mut self, id: BatchId, sent: &Append, there: &[u64]) -> Stats {
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

    pub(super) fn rest(&mut self) {
        self.now += FAR;
        self.delivery.tick(self.now);
    }
}

/// By then whatever rests has rested.
pub(super) const FAR: Duration = Duration::from_secs(60);

pub(super) fn ids(append: &Append) -> Vec<EventId> {
    append
        .entries
        .iter()
        .map(|entry| entry.id.expect("an explicit id"))
        .collect()
}

/// As they would stand on the stream.
pub(super) fn entries(append: &Append) -> Vec<Entry> {
    let entry = |entry: &NewEntry| {
        let fields = crate::event::FIELDS.iter().zip(entry.values.each());
        Entry::new(entry.id.unwrap(), fields)
    };
    append.entries.iter().map(entry).collect()
}

pub(super) fn seqs(append: &Append) -> Vec<u64> {
    entries(append)
        .into_iter()
        .map(|entry| Event::from(entry).seq().unwrap())
        .collect()
}

pub(super) fn taken(append: &Append) -> Answer {
    Answer::Appended(ids(append).into_iter().map(Ok).collect())
}

pub(super) fn all_refused(append: &Append, class: Class) -> Answer {
    Answer::Appended(
        append
            .entries
            .iter()
            .map(|_| Err(Fault::new(class, "no")))
            .collect(),
    )
}

pub(super) fn info(last_id: EventId, last: Option<Entry>) -> Option<Box<StreamInfo>> {
    Some(Box::new(StreamInfo {
        length: 1,
        last_id,
        first_event: last.clone().map(Event::from),
        last_event: last.map(Event::from),
    }))
}
