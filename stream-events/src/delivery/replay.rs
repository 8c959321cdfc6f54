//! Sends again what a store that has gone back had acknowledged, stream by stream and in order.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use super::BatchId;
use super::batch::STRIKES;
use super::kept::Part;
use crate::store::{Append, Appended, Class, Fault};

/// The streams that are brought up to where they were. What is new for one of them waits until it
/// is.
#[derive(Debug, Default)]
pub(super) struct Replay {
    lines: HashMap<BatchId, Line>,
    by_key: HashMap<Arc<str>, BatchId>,
}

/// One stream's.
#[derive(Debug)]
struct Line {
    key: Arc<str>,
    parts: VecDeque<Arc<Part>>,
    /// Whether the first of them is on its way.
    is_sent: bool,
    /// Batches of the stream that come after.
    waiting: Vec<BatchId>,
    rests: u32,
    /// How often the next append was refused in words that we do not know while others were taken,
    /// and what of them had been at the last time.
    strikes: u32,
    others: u64,
}

/// What an answer means for a line.
#[derive(Debug)]
pub(super) enum Next {
    /// There is more of this stream.
    Send,
    Rest(u32, Fault),
    /// The stream is where it was: these may go on.
    Done(Vec<BatchId>),
}

impl Replay {
    /// Takes these in, each stream's in the order of their ids, in which alone they are taken; `id`
    /// gives each stream's line a name.
    pub(super) fn fill<'a>(
        &mut self,
        parts: impl Iterator<Item = &'a Arc<Part>>,
        mut id: impl FnMut() -> BatchId,
    ) -> Vec<BatchId> {
        let mut new = Vec::new();
        for part in parts {
            let line = self
                .by_key
                .entry(Arc::clone(&part.append.key))
                .or_insert_with(|| {
                    new.push(id());
                    new[new.len() - 1]
                });
            let line = self.lines.entry(*line).or_insert_with(|| Line {
                key: Arc::clone(&part.append.key),
                parts: VecDeque::new(),
                is_sent: false,
                waiting: Vec::new(),
                rests: 0,
                strikes: 0,
                others: 0,
            });
            line.parts.push_back(Arc::clone(part));
        }
        for line in self.lines.values_mut() {
            // What a look has found was acknowledged after what came behind it.
            let parts = line.parts.make_contiguous();
            parts.sort_by_key(|part| part.append.entries.first().and_then(|entry| entry.id));
        }
        new
    }

    pub(super) fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.lines.len()
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Whether this names a line of ours.
    pub(super) fn has(&self, id: BatchId) -> bool {
        self.lines.contains_key(&id)
    }

    /// What was on its way as connection after connection broke may be the reason.
    pub(super) fn is_suspect(&self, id: BatchId) -> bool {
        let part = self.lines.get(&id).and_then(|line| line.parts.front());
        part.is_some_and(|part| part.is_suspect())
    }

    /// What is next of this line; from here it is on its way.
    pub(super) fn send(&mut self, id: BatchId) -> Option<Arc<Append>> {
        let line = self.lines.get_mut(&id)?;
        line.is_sent = true;
        line.parts.front().map(|part| Arc::clone(&part.append))
    }

    /// What is on its way of this line.
    pub(super) fn sent(&self, id: BatchId) -> Option<&Append> {
        let line = self.lines.get(&id).filter(|line| line.is_sent);
        line?.parts.front().map(|part| &*part.append)
    }

    /// The connection is gone. Nothing of ours is on its way, and no batch is here.
    pub(super) fn break_off(&mut self) {
        for line in self.lines.values_mut() {
            line.waiting.clear();
            if std::mem::take(&mut line.is_sent)
                && let Some(part) = line.parts.front()
            {
                part.broke();
            }
        }
    }

    /// Goes on at a store that has what it had taken: from the beginning, where connections break all
    /// the time, it would never come to its end. What breaks them is left out.
    pub(super) fn go_on(&mut self) -> Vec<BatchId> {
        for line in self.lines.values_mut() {
            line.parts.retain(|part| !part.is_hopeless());
        }
        let done = self.lines.extract_if(|_, line| line.parts.is_empty());
        for (_, line) in done {
            self.by_key.remove(&line.key);
        }
        self.lines.keys().copied().collect()
    }

    /// Whether this stream is not yet where it was.
    pub(super) fn has_key(&self, key: &Arc<str>) -> bool {
        self.by_key.contains_key(key)
    }

    /// Lets a batch wait where its stream is being replayed.
    pub(super) fn holds(&mut self, key: &Arc<str>, batch: BatchId) -> bool {
        let line = self.by_key.get(key).and_then(|id| self.lines.get_mut(id));
        line.map(|line| line.waiting.push(batch)).is_some()
    }

    /// What is refused for its id is still there: the store takes what it lacks and nothing else.
    /// Gives how many those were; none where this is no line of ours. `others` is what the store has
    /// taken of all.
    pub(super) fn appended(
        &mut self,
        id: BatchId,
        results: &Appended,
        others: u64,
    ) -> Option<(u64, Next)> {
        let line = self.lines.get_mut(&id)?;
        line.is_sent = false;
        let faults = results.iter().filter_map(|result| result.as_ref().err());
        let later = faults
            .clone()
            .find(|fault| !matches!(fault.class, Class::Conflict | Class::Never));
        let is_left_out = later.is_some_and(|fault| match fault.class {
            Class::Odd => line.is_hopeless(others),
            Class::Away => line.broke(),
            _ => false,
        });
        if let Some(fault) = later.filter(|_| !is_left_out) {
            return Some((0, self.refused(id, fault.clone())?));
        }
        let taken = (results.len() - faults.count()) as u64;
        if let Some(part) = line.parts.pop_front().filter(|_| !is_left_out) {
            part.passed();
        }
        (line.rests, line.strikes) = (0, 0);
        Some((taken, self.next(id)?))
    }

    pub(super) fn refused(&mut self, id: BatchId, fault: Fault) -> Option<Next> {
        let line = self.lines.get_mut(&id)?;
        line.is_sent = false;
        line.rests += 1;
        Some(Next::Rest(line.rests - 1, fault))
    }

    fn next(&mut self, id: BatchId) -> Option<Next> {
        if !self.lines.get(&id)?.parts.is_empty() {
            return Some(Next::Send);
        }
        let line = self.lines.remove(&id)?;
        self.by_key.remove(&line.key);
        Some(Next::Done(line.waiting))
    }
}

impl Line {
    /// What is first was on its way as the part of the store that has the stream was lost; says whether that
    /// has been so too often.
    fn broke(&self) -> bool {
        let part = self.parts.front();
        part.is_some_and(|part| {
            part.broke();
            part.is_hopeless()
        })
    }

    /// Refused in words that we do not know: it was taken once, so that this will pass, unless the
    /// store takes others all the while.
    fn is_hopeless(&mut self, others: u64) -> bool {
        self.strikes += u32::from(others > self.others);
        self.others = others;
        self.strikes > STRIKES
    }
}
