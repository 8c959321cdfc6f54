//! Turns events into appends, and answers into what became of them: a state machine that does no IO
//! and asks no clock.

mod batch;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use batch::Batch;

use crate::EventId;
use crate::event::Entry;
use crate::queue::{Draft, Lane, Outcome, Position, Taken};
use crate::settings::Settings;
use crate::store::{Append, Appended, Fault, NewEntry, StreamInfo};

/// The batches between the queue and the store. A stream has at most one, so that its events keep
/// their order; what a lost connection may have applied is sent again under the same ids, which the
/// store takes once.
#[derive(Debug)]
pub(crate) struct Delivery {
    settings: Arc<Settings>,
    batches: HashMap<BatchId, Batch>,
    unsent: VecDeque<BatchId>,
    resting: Vec<(Instant, BatchId)>,
    settled: Vec<Settled>,
    /// Why the store could not take what rests; none once it takes something.
    trouble: Option<String>,
    next: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct BatchId(u64);

/// What is to be done at the store for a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Command {
    Append(Arc<Append>),
    Look(Look),
}

impl Command {
    /// About how many bytes it takes to ask.
    pub(crate) fn size(&self) -> usize {
        match self {
            Self::Append(append) => append.entries.iter().map(NewEntry::size).sum(),
            Self::Look(_) => 0,
        }
    }
}

/// A look at what stands under a batch's ids, and at the stream's end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Look {
    pub(crate) key: Arc<str>,
    pub(crate) from: EventId,
    pub(crate) to: EventId,
    pub(crate) count: usize,
}

/// What came of a [`Command`].
#[derive(Debug)]
pub(crate) enum Answer {
    Appended(Appended),
    Seen {
        entries: Vec<Entry>,
        info: Option<Box<StreamInfo>>,
    },
    Refused(Fault),
}

/// Events that have their outcomes; with the last of a batch, the lane to give back.
#[derive(Debug)]
pub(crate) struct Settled {
    pub(crate) events: Vec<(Draft, Outcome)>,
    pub(crate) lane: Option<(Arc<Lane>, Position)>,
}

/// How long a batch rests that the store cannot take now; doubled each time, up to the longest.
const SHORTEST_REST: Duration = Duration::from_millis(50);
const LONGEST_REST: Duration = Duration::from_secs(5);

impl Delivery {
    pub(crate) fn new(settings: Arc<Settings>) -> Self {
        Self {
            settings,
            batches: HashMap::new(),
            unsent: VecDeque::new(),
            resting: Vec::new(),
            settled: Vec::new(),
            trouble: None,
            next: 0,
        }
    }

    /// Makes a batch of a lane's next events.
    pub(crate) fn accept(&mut self, taken: Taken, now: Instant) {
        let id = BatchId(self.next);
        self.next += 1;
        self.batches
            .insert(id, Batch::new(taken, &self.settings, now));
        self.unsent.push_back(id);
    }

    /// The next thing to do at the store.
    pub(crate) fn next_command(&mut self) -> Option<(BatchId, Command)> {
        let id = self.unsent.pop_front()?;
        let command = self.batches.get(&id)?.command();
        Some((id, command))
    }

    pub(crate) fn answer(&mut self, id: BatchId, answer: Answer, now: Instant) {
        let Some(batch) = self.batches.get_mut(&id) else {
            return;
        };
        match answer {
            Answer::Appended(results) => batch.appended(results),
            Answer::Seen { entries, info } => batch.seen(entries, info, now),
            Answer::Refused(fault) => batch.refused(fault),
        }
        let step = batch.next_step();
        self.settled.push(batch.settled());
        match step {
            Step::Settle => {
                self.trouble = None;
                self.batches.remove(&id);
            }
            Step::Send => self.unsent.push_back(id),
            Step::Rest(times, why) => {
                self.trouble = Some(why);
                let rest = SHORTEST_REST
                    .saturating_mul(1 << times.min(16))
                    .min(LONGEST_REST);
                self.resting.push((now + rest, id));
            }
        }
    }

    /// The connection is gone: what was sent and not answered is sent again, under the ids that it
    /// has.
    pub(crate) fn connection_lost(&mut self) {
        let mut ids: Vec<_> = self.batches.keys().copied().collect();
        ids.sort_unstable_by_key(|id| id.0);
        self.resting.clear();
        self.unsent = ids.into();
    }

    /// Sends what has rested long enough.
    pub(crate) fn tick(&mut self, now: Instant) {
        let due = |(at, _): &(Instant, BatchId)| *at <= now;
        self.unsent.extend(
            self.resting
                .iter()
                .filter(|rest| due(rest))
                .map(|(_, id)| id),
        );
        self.resting.retain(|rest| !due(rest));
    }

    /// When [`tick`](Self::tick) has something to do.
    pub(crate) fn next_tick(&self) -> Option<Instant> {
        self.resting.iter().map(|(at, _)| *at).min()
    }

    /// Why the store takes nothing, although it answers.
    pub(crate) fn trouble(&self) -> Option<&str> {
        self.trouble.as_deref()
    }

    /// How many batches there are that are not settled.
    pub(crate) fn open(&self) -> usize {
        self.batches.len()
    }

    pub(crate) fn take_settled(&mut self) -> Vec<Settled> {
        std::mem::take(&mut self.settled)
    }

    /// Gives up on all that is open: it will not be delivered by this process.
    pub(crate) fn abandon(&mut self) -> Vec<Settled> {
        self.unsent.clear();
        self.resting.clear();
        let batches = std::mem::take(&mut self.batches);
        self.settled
            .extend(batches.into_values().map(Batch::abandon));
        self.take_settled()
    }
}

/// What comes next for a batch.
#[derive(Debug, PartialEq, Eq)]
enum Step {
    Settle,
    Send,
    /// Rests, for the n-th time in a row, for this reason.
    Rest(u32, String),
}
