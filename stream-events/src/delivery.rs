//! Turns events into appends, and answers into what became of them: a state machine that does no IO
//! and asks no clock.

mod batch;
mod command;
mod confirm;
mod connection;
mod entries;
mod fresh;
mod kept;
mod replay;
mod step;
#[cfg(test)]
mod tests;
mod trouble;

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Instant;

use batch::Batch;
pub(crate) use command::{Answer, Command, Confirm, Look, Settled};
pub(crate) use fresh::Fresh;
use kept::Kept;
use replay::Replay;
use step::{Step, rest};
use trouble::Trouble;

use crate::queue::{Lane, Taken};
use crate::settings::Settings;
use crate::spool::Record;

/// The batches between the queue and the store. A stream has at most one, so that its events keep
/// their order; what a lost connection may have applied is sent again under the same ids, which the
/// store takes once.
#[derive(Debug)]
pub(crate) struct Delivery {
    settings: Arc<Settings>,
    batches: HashMap<BatchId, Batch>,
    unsent: VecDeque<BatchId>,
    /// How many commands are sent, and not answered.
    in_flight: usize,
    /// What is under suspicion and on its way, and nothing beside it.
    alone: Option<BatchId>,
    resting: Vec<(Instant, BatchId)>,
    /// Acknowledged, and to be made durable.
    unconfirmed: VecDeque<BatchId>,
    settled: Vec<Settled>,
    /// Lifecycle events that were acknowledged.
    fresh: Vec<Fresh>,
    trouble: Trouble,
    kept: Kept,
    replay: Replay,
    /// The store's data as it was when all that is kept was there; see [`Epoch`].
    epoch: Option<Epoch>,
    /// What it will be once the replay is through.
    next_epoch: Option<Epoch>,
    counts: Counts,
    next: u64,
}

/// What names the data that a store has: another epoch may have lost what was acknowledged in the
/// one before, such as after a crash or a failover.
pub(crate) type Epoch = String;

/// What the store has taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Counts {
    /// Requests of which it has taken something.
    taken: u64,
    /// Events that it had lost, and has again.
    pub(crate) replayed: u64,
    /// Events that it had lost, and cannot have again: others always write above them.
    pub(crate) unplaced: u64,
    /// Ends of runs that count as delivered although the store could not make them durable.
    pub(crate) unconfirmed: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct BatchId(u64);

impl Delivery {
    pub(crate) fn new(settings: Arc<Settings>) -> Self {
        Self {
            kept: Kept::new(settings.replay_bytes),
            settings,
            batches: HashMap::new(),
            unsent: VecDeque::new(),
            in_flight: 0,
            alone: None,
            resting: Vec::new(),
            unconfirmed: VecDeque::new(),
            settled: Vec::new(),
            fresh: Vec::new(),
            trouble: Trouble::default(),
            replay: Replay::default(),
            epoch: None,
            next_epoch: None,
            counts: Counts::default(),
            next: 0,
        }
    }

    /// Makes a batch of a lane's next events.
    pub(crate) fn accept(&mut self, taken: Taken, now: Instant) {
        let id = next_id(&mut self.next);
        let batch = Batch::new(taken, &self.settings, now);
        self.batches.insert(id, batch);
        self.unsent.push_back(id);
    }

    /// The next thing to do at the store. What is under suspicion is alone on its way, so that no other
    /// suffers by it, or comes under suspicion too.
    pub(crate) fn next_command(&mut self) -> Option<(BatchId, Command)> {
        while self.alone.is_none() {
            let id = self.unsent.pop_front()?;
            let batch = self.batches.get(&id);
            if batch.is_some_and(|batch| self.replay.holds(batch.key(), id)) {
                continue;
            }
            if batch.map_or_else(|| self.replay.is_suspect(id), Batch::is_suspect) {
                if self.in_flight > 0 {
                    self.unsent.push_front(id);
                    return None;
                }
                self.alone = Some(id);
            }
            let command = match self.batches.get_mut(&id) {
                Some(batch) => Some(batch.send()),
                None => self.replay.send(id),
            };
            if let Some(command) = command {
                self.in_flight += 1;
                return Some((id, command));
            }
        }
        None
    }

    pub(crate) fn answer(&mut self, id: BatchId, answer: Answer, now: Instant) {
        if let Answer::Confirmed(answer) = answer {
            return self.confirmed(id, answer, now);
        }
        self.in_flight = self.in_flight.saturating_sub(1);
        self.alone = None;
        if self.replay.has(id) {
            return self.answer_replay(id, answer, now);
        }
        let Some(batch) = self.batches.get_mut(&id) else {
            return;
        };
        match answer {
            Answer::Appended(results) => batch.appended(results, self.counts.taken),
            Answer::Seen { entries, info } => batch.seen(entries, info, now),
            Answer::Refused(fault) => batch.refused(fault),
            Answer::Confirmed(_) => {}
        }
        self.keep(id, now);
        self.go_on(id, now);
    }

    /// Keeps what was acknowledged.
    fn keep(&mut self, id: BatchId, now: Instant) {
        let Some(batch) = self.batches.get_mut(&id) else {
            return;
        };
        if let Some(append) = batch.take_taken() {
            self.counts.taken += 1;
            fresh::note(&mut self.fresh, &append.entries);
            let retention = self.settings.retention(batch.ends());
            self.kept.push(append, retention, now);
        }
    }

    fn go_on(&mut self, id: BatchId, now: Instant) {
        let Some(batch) = self.batches.get_mut(&id) else {
            return;
        };
        let step = batch.next_step(self.settings.durability.is_some(), self.counts.taken, now);
        match step {
            Step::Confirm => return self.unconfirmed.push_back(id),
            Step::Settle => {
                self.trouble.end(id);
                self.settled.push(batch.settled());
                self.batches.remove(&id);
                return;
            }
            Step::Send => self.unsent.push_back(id),
            Step::Rest(times, fault) => {
                self.resting.push((now + rest(times, fault.class), id));
                self.trouble.begin(id, fault.why);
            }
            Step::Suspect(rest) => self.resting.push((now + rest, id)),
        }
        self.settled.push(batch.settled());
    }

    /// Sends what has rested long enough.
    pub(crate) fn tick(&mut self, now: Instant) {
        for (_, id) in self.resting.extract_if(.., |(at, _)| *at <= now) {
            let confirms = self.batches.get(&id).is_some_and(Batch::is_to_confirm);
            let line = if confirms {
                &mut self.unconfirmed
            } else {
                &mut self.unsent
            };
            line.push_back(id);
        }
    }

    /// When [`tick`](Self::tick) has something to do.
    pub(crate) fn next_tick(&self) -> Option<Instant> {
        self.resting.iter().map(|(at, _)| *at).min()
    }

    /// Why the store takes nothing, although it answers.
    pub(crate) fn trouble(&self) -> Option<&str> {
        self.trouble.why()
    }

    /// Whether there is something to send that waits for another to be through: what else there is waits
    /// better in the queue.
    pub(crate) fn holds(&self) -> bool {
        self.alone.is_some() || !self.unsent.is_empty()
    }

    /// How many batches there are that are not settled, and streams that are not replayed.
    pub(crate) fn open(&self) -> usize {
        self.batches.len() + self.replay.len()
    }

    /// Whether the store is being brought up to where it was.
    pub(crate) fn is_replaying(&self) -> bool {
        !self.replay.is_empty()
    }

    /// The lanes that have events here, and may have more.
    pub(crate) fn lanes(&self) -> impl Iterator<Item = Arc<Lane>> {
        self.batches.values().map(Batch::lane)
    }

    /// The lifecycle events here that were never asked for in this way.
    pub(crate) fn unspooled(&mut self) -> Vec<Record> {
        let batches = self.batches.values_mut();
        batches.flat_map(Batch::unspooled).collect()
    }

    pub(crate) fn counts(&self) -> Counts {
        self.counts
    }

    pub(crate) fn take_settled(&mut self) -> Vec<Settled> {
        std::mem::take(&mut self.settled)
    }

    /// Gives up on all that is open: it will not be delivered by this process.
    pub(crate) fn abandon(&mut self) -> Vec<Settled> {
        self.unsent.clear();
        self.resting.clear();
        self.unconfirmed.clear();
        self.replay.clear();
        let batches = std::mem::take(&mut self.batches);
        self.settled
            .extend(batches.into_values().map(Batch::abandon));
        self.take_settled()
    }
}

fn next_id(next: &mut u64) -> BatchId {
    *next += 1;
    BatchId(*next)
}
