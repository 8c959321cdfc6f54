//! Sends again what a store that has gone back had acknowledged, stream by stream and in order.

mod line;
mod search;

use std::collections::HashMap;
use std::sync::Arc;

use super::kept::Part;
use super::{BatchId, Command};
use crate::event::Entry;
use crate::store::{Append, Appended, Fault, StreamInfo};
use line::Line;

/// The streams that are brought up to where they were. What is new for one of them waits until it
/// is.
#[derive(Debug, Default)]
pub(super) struct Replay {
    lines: HashMap<BatchId, Line>,
    by_key: HashMap<Arc<str>, BatchId>,
    /// How many events could not be put above what others write.
    unplaced: u64,
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
            let key = Arc::clone(&part.append().key);
            let line = self.by_key.entry(Arc::clone(&key)).or_insert_with(|| {
                new.push(id());
                new[new.len() - 1]
            });
            let line = self.lines.entry(*line);
            line.or_insert_with(|| Line::new(key)).push(part);
        }
        self.lines.values_mut().for_each(Line::begin);
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
        self.lines.get(&id).is_some_and(Line::is_suspect)
    }

    /// What is next of this line; from here it is on its way.
    pub(super) fn send(&mut self, id: BatchId) -> Option<Command> {
        self.lines.get_mut(&id)?.send()
    }

    /// What is on its way of this line.
    pub(super) fn sent(&self, id: BatchId) -> Option<&Append> {
        self.lines.get(&id)?.sent()
    }

    /// The connection is gone. Nothing of ours is on its way, and no batch is here.
    pub(super) fn break_off(&mut self) {
        self.lines.values_mut().for_each(Line::break_off);
    }

    /// What was on its way is not the reason that the connection is left.
    pub(super) fn did_not_break(&mut self) {
        self.lines.values_mut().for_each(Line::did_not_break);
    }

    /// Goes on at a store that has what it had taken: from the beginning, where connections break all
    /// the time, it would never come to its end. What breaks them is left out.
    pub(super) fn go_on(&mut self) -> Vec<BatchId> {
        let done = self.lines.extract_if(|_, line| line.is_over());
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

    /// What is refused for its id is still there, or another writer is above it: a look tells. Gives how
    /// many were taken; none where this is no line of ours. `others` is what the store has taken of all.
    pub(super) fn appended(
        &mut self,
        id: BatchId,
        results: &Appended,
        others: u64,
    ) -> Option<(u64, Next)> {
        let (taken, rest) = self.lines.get_mut(&id)?.appended(results, others);
        Some((taken, rest.or_else(|| self.next(id))?))
    }

    /// What a look has shown of the stream.
    pub(super) fn seen(
        &mut self,
        id: BatchId,
        entries: Vec<Entry>,
        info: Option<Box<StreamInfo>>,
    ) -> Option<Next> {
        self.lines.get_mut(&id)?.seen(entries, info);
        self.next(id)
    }

    pub(super) fn refused(&mut self, id: BatchId, fault: Fault) -> Option<Next> {
        let rest = self.lines.get_mut(&id)?.refused(fault);
        rest.or_else(|| self.next(id))
    }

    /// How many events were given up since this was last asked.
    pub(super) fn take_unplaced(&mut self) -> u64 {
        std::mem::take(&mut self.unplaced)
    }

    fn next(&mut self, id: BatchId) -> Option<Next> {
        if !self.lines.get(&id)?.is_empty() {
            return Some(Next::Send);
        }
        let line = self.lines.remove(&id)?;
        self.by_key.remove(&line.key);
        self.unplaced += line.unplaced;
        Some(Next::Done(line.waiting))
    }
}
