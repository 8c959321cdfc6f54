//! What waits for one shard of the index, or for the parents of jobs.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::piece::Waiting;

/// What one place cannot take rests, and nothing that is for others.
#[derive(Default)]
pub(super) struct Line {
    pub(super) waiting: VecDeque<Waiting>,
    /// When it is tried again, where the store could not take it.
    rests_until: Option<Instant>,
    /// When it was last said how long the feed is kept.
    renewed: Option<Instant>,
    pub(super) is_refused: bool,
}

pub(super) const REST: Duration = Duration::from_secs(1);

impl Line {
    /// What is to be told now, in a request that has room for so many.
    pub(super) fn take(
        &mut self,
        now: Instant,
        room: usize,
    ) -> impl Iterator<Item = Waiting> + use<'_> {
        let rests = self.rests_until.is_some_and(|until| until > now);
        let count = match rests {
            true => 0,
            false => room.min(self.waiting.len()),
        };
        if count > 0 {
            self.rests_until = None;
        }
        self.waiting.drain(..count)
    }

    /// Whether it is to be said anew how long the feed is kept, as it is then.
    pub(super) fn renews(&mut self, now: Instant, every: Duration) -> bool {
        let is_fresh = |at: Instant| now.duration_since(at) < every;
        let renews = !self.renewed.is_some_and(is_fresh);
        if renews {
            self.renewed = Some(now);
        }
        renews
    }

    /// It is not known that it was heard.
    pub(super) fn unsaid(&mut self) {
        self.renewed = None;
    }

    pub(super) fn rest(&mut self, now: Instant) {
        self.rests_until = now.checked_add(REST);
    }

    /// When something is tried again.
    pub(super) fn due(&self) -> Option<Instant> {
        self.rests_until.filter(|_| !self.waiting.is_empty())
    }
}
