//! Those who are to be read for, in their order: those of each server by themselves.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::EventId;

/// Each server is asked in its turn, and has so many batches on their way at a time: one that is slow, or away,
/// holds up nobody else's.
#[derive(Debug)]
pub(super) struct Line {
    most: usize,
    /// By the server's number.
    queues: Vec<Queue>,
    /// Whose turn is next.
    turn: usize,
}

#[derive(Debug, Default)]
struct Queue {
    due: VecDeque<Due>,
    /// Batches that are on their way.
    sent: usize,
}

/// Those who read this stream and have come so far.
#[derive(Debug)]
pub(super) struct Due {
    pub(super) key: Arc<str>,
    /// What was read for those who were there before is no answer to those who are there now.
    pub(super) topic: u64,
    pub(super) after: EventId,
}

impl Line {
    pub(super) fn new(most: usize) -> Self {
        Self {
            most,
            queues: Vec::new(),
            turn: 0,
        }
    }

    pub(super) fn push(&mut self, server: usize, due: Due) {
        if self.queues.len() <= server {
            self.queues.resize_with(server + 1, Queue::default);
        }
        self.queues[server].due.push_back(due);
    }

    /// The next server of which something is due, and may be asked for.
    pub(super) fn next(&mut self) -> Option<usize> {
        let servers = (self.turn..self.queues.len()).chain(0..self.turn);
        let is_next = |server: &usize| {
            let queue = self.queues.get(*server);
            queue.is_some_and(|queue| !queue.due.is_empty() && queue.sent < self.most)
        };
        let next = servers.into_iter().find(is_next)?;
        self.turn = next + 1;
        Some(next)
    }

    pub(super) fn pop(&mut self, server: usize) -> Option<Due> {
        self.queues.get_mut(server)?.due.pop_front()
    }

    pub(super) fn sent(&mut self, server: usize) {
        if let Some(queue) = self.queues.get_mut(server) {
            queue.sent += 1;
        }
    }

    pub(super) fn answered(&mut self, server: usize) {
        if let Some(queue) = self.queues.get_mut(server) {
            queue.sent = queue.sent.saturating_sub(1);
        }
    }
}
