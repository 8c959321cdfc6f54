//! Another server of the model, which knows nothing of the first: a name may lead to the one or the
//! other.

use std::collections::VecDeque;

use super::server::{Server, Streams};
use crate::EventId;

/// What it has while the name does not lead to it.
#[derive(Debug, Default)]
pub(super) struct Elsewhere {
    streams: Streams,
    past: VecDeque<Streams>,
    epoch: u32,
}

impl Server {
    /// The other one is the server now.
    pub(super) fn move_on(&mut self) {
        let other = std::mem::take(&mut self.elsewhere);
        // What the one has only the later part of may be renumbered for another writer on the other.
        let torn = self.torn.intersection(&self.foreign).cloned();
        self.muddled.extend(torn);
        // What it has taken one by one, or is full, may be above what it lacks.
        let is_marred =
            |server: &Self, key: &str| server.torn.contains(key) || server.losses.was_full(key);
        self.elsewhere = Elsewhere {
            streams: self.replace(other.streams, is_marred),
            past: std::mem::replace(&mut self.past, other.past),
            epoch: std::mem::replace(&mut self.epoch, other.epoch),
        };
        self.moves += 1;
    }

    /// Has these streams from now on, and gives those that it had: what these lack is lost. Where they
    /// may be above it by a fault, it cannot come back.
    pub(super) fn replace(
        &mut self,
        streams: Streams,
        is_marred: impl Fn(&Self, &str) -> bool,
    ) -> Streams {
        let before = std::mem::replace(&mut self.streams, streams);
        for (key, stream) in &before {
            let there = self.streams.get(key);
            let is_there = |id: &EventId| there.is_some_and(|there| there.entries.contains_key(id));
            let lost = stream.entries.keys().filter(|id| !is_there(id));
            self.losses.lose(key, lost.copied());
        }
        for (key, stream) in &self.streams {
            let (last_id, is_marred) = (stream.info().last_id, is_marred(self, key));
            let is_full = last_id == EventId::MAX;
            let is_above = |id| stream.is_other || is_full || (is_marred && last_id >= id);
            self.losses.give_up(key, is_above);
        }
        before
    }
}
