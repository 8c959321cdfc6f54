//! Sends again what a store that has gone back had acknowledged, stream by stream and in order.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use super::BatchId;
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
    appends: VecDeque<Arc<Append>>,
    /// Batches of the stream that come after.
    waiting: Vec<BatchId>,
    rests: u32,
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
    /// Takes these in, oldest first; `id` gives each stream's line a name.
    pub(super) fn fill<'a>(
        &mut self,
        appends: impl Iterator<Item = &'a Arc<Append>>,
        mut id: impl FnMut() -> BatchId,
    ) -> Vec<BatchId> {
        let mut new = Vec::new();
        for append in appends {
            let line = self
                .by_key
                .entry(Arc::clone(&append.key))
                .or_insert_with(|| {
                    new.push(id());
                    new[new.len() - 1]
                });
            let line = self.lines.entry(*line).or_insert_with(|| Line {
                key: Arc::clone(&append.key),
                appends: VecDeque::new(),
                waiting: Vec::new(),
                rests: 0,
            });
            line.appends.push_back(Arc::clone(append));
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

    pub(super) fn append(&self, id: BatchId) -> Option<&Arc<Append>> {
        self.lines.get(&id)?.appends.front()
    }

    /// Lets a batch wait where its stream is being replayed.
    pub(super) fn holds(&mut self, key: &Arc<str>, batch: BatchId) -> bool {
        let line = self.by_key.get(key).and_then(|id| self.lines.get_mut(id));
        line.map(|line| line.waiting.push(batch)).is_some()
    }

    /// What is refused for its id is still there: the store takes what it lacks and nothing else.
    /// Gives how many those were; none where this is no line of ours.
    pub(super) fn appended(&mut self, id: BatchId, results: &Appended) -> Option<(u64, Next)> {
        let line = self.lines.get_mut(&id)?;
        let faults = results.iter().filter_map(|result| result.as_ref().err());
        let later = faults
            .clone()
            .find(|fault| !matches!(fault.class, Class::Conflict | Class::Never | Class::Odd));
        if let Some(fault) = later {
            return Some((0, self.refused(id, fault.clone())?));
        }
        let taken = (results.len() - faults.count()) as u64;
        line.appends.pop_front();
        line.rests = 0;
        Some((taken, self.next(id)?))
    }

    pub(super) fn refused(&mut self, id: BatchId, fault: Fault) -> Option<Next> {
        let line = self.lines.get_mut(&id)?;
        line.rests += 1;
        Some(Next::Rest(line.rests - 1, fault))
    }

    fn next(&mut self, id: BatchId) -> Option<Next> {
        if !self.lines.get(&id)?.appends.is_empty() {
            return Some(Next::Send);
        }
        let line = self.lines.remove(&id)?;
        self.by_key.remove(&line.key);
        Some(Next::Done(line.waiting))
    }
}
