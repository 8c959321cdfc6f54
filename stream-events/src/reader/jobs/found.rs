//! What an event of the feed says of its job.

use std::collections::{BTreeSet, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::time::SystemTime;

use crate::event::Entry;
use crate::index::Shard;
use crate::{Event, EventId, EventType, JobId, JobState};

/// Jobs whose starts were seen, by their hashes: there may be many.
#[derive(Debug, Default)]
pub(super) struct Seen {
    hasher: RandomState,
    started: HashSet<u64>,
    /// Of which another event was seen. Those that have a start, too, are among them.
    pub(super) mentioned: BTreeSet<JobId>,
}

/// A start, and where the feed has it.
#[derive(Debug)]
pub(super) struct Start {
    pub(super) job: JobId,
    pub(super) shard: Shard,
    pub(super) at: EventId,
    /// When it happened, in microseconds since 1970.
    pub(super) since: u64,
}

pub(super) fn micros(time: SystemTime) -> u64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |since| since.as_micros() as u64)
}

/// Of what a state has that may be large, in bytes.
pub(super) fn size(state: &JobState) -> usize {
    let texts = [&state.message, &state.error].into_iter().flatten();
    let texts = texts.chain(&state.children).map(String::len);
    let result = state
        .result
        .as_ref()
        .map_or(0, |result| result.as_str().len());
    texts.sum::<usize>() + result
}

impl Seen {
    /// Notes an event of a shard, newest first; the start of a job that was not seen to have a newer one.
    pub(super) fn note(&mut self, shard: Shard, entry: Entry) -> Option<Start> {
        let event = Event::from(entry);
        let (job, at) = (event.job_id()?, event.id());
        if *event.event_type() != EventType::TaskStarted {
            self.mentioned.insert(job);
            return None;
        }
        let is_newest = self.started.insert(self.hasher.hash_one(&job));
        let since = micros(event.timestamp());
        is_newest.then_some(Start {
            job,
            shard,
            at,
            since,
        })
    }

    pub(super) fn has_started(&self, job: &JobId) -> bool {
        self.started.contains(&self.hasher.hash_one(job))
    }
}
