//! Runs whose process is gone: what it could not deliver of them any more.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::spool::Leftover;
use crate::store::{Class, Fault};

pub(in crate::worker) struct Leftovers {
    /// With the time from which on it is tried.
    waiting: VecDeque<(Instant, Leftover)>,
    on_their_way: Vec<Arc<Leftover>>,
    /// Whether it is not known yet what there is.
    is_asked: bool,
    restored: u64,
    /// How often in a row the store could not take one.
    rests: u32,
}

/// What came of one.
pub(in crate::worker) struct Restored {
    pub(in crate::worker) leftover: Arc<Leftover>,
    /// How many events the stream had lacked.
    pub(in crate::worker) written: Result<u64, Fault>,
}

/// So many are on their way at once: what is emitted here comes first.
const AT_ONCE: usize = 2;
const SHORTEST_REST: Duration = Duration::from_millis(100);
const LONGEST_REST: Duration = Duration::from_secs(30);

impl Leftovers {
    pub(super) fn new(is_asked: bool) -> Self {
        Self {
            waiting: VecDeque::new(),
            on_their_way: Vec::new(),
            is_asked,
            restored: 0,
            rests: 0,
        }
    }

    /// A piece of what there is; with none, that is all.
    pub(super) fn add(&mut self, runs: Vec<Leftover>) {
        self.is_asked = false;
        let now = Instant::now();
        self.waiting.extend(runs.into_iter().map(|run| (now, run)));
    }

    pub(super) fn ask(&mut self) {
        self.is_asked = true;
    }

    /// The next to be brought to the store.
    pub(in crate::worker) fn next(&mut self, now: Instant) -> Option<Arc<Leftover>> {
        if self.on_their_way.len() >= AT_ONCE || self.waiting.front()?.0 > now {
            return None;
        }
        let leftover = Arc::new(self.waiting.pop_front()?.1);
        self.on_their_way.push(Arc::clone(&leftover));
        Some(leftover)
    }

    /// Gives back what is done with. What the store cannot take now is tried later, what it never
    /// will stays on the disk.
    pub(super) fn take(&mut self, restored: Restored, now: Instant) -> Option<Leftover> {
        let Restored { leftover, written } = restored;
        self.on_their_way
            .retain(|other| !Arc::ptr_eq(other, &leftover));
        let leftover = Arc::unwrap_or_clone(leftover);
        match written {
            Ok(events) => {
                self.rests = 0;
                self.restored += events;
                Some(leftover)
            }
            Err(fault) if matches!(fault.class, Class::Never | Class::Odd) => None,
            Err(_) => {
                let rest = SHORTEST_REST.saturating_mul(1 << self.rests.min(16));
                self.rests += 1;
                self.waiting
                    .push_back((now + rest.min(LONGEST_REST), leftover));
                None
            }
        }
    }

    /// What was on its way may or may not have arrived: it is looked for again.
    pub(in crate::worker) fn connection_lost(&mut self) {
        let now = Instant::now();
        for leftover in self.on_their_way.drain(..) {
            let leftover = Arc::unwrap_or_clone(leftover);
            self.waiting.push_front((now, leftover));
        }
    }

    /// When there is something to be tried.
    pub(in crate::worker) fn due(&self) -> Option<Instant> {
        let has_room = self.on_their_way.len() < AT_ONCE;
        self.waiting.front().map(|(at, _)| *at).filter(|_| has_room)
    }

    /// Whether there is nothing left that could be done now.
    pub(in crate::worker) fn is_idle(&self) -> bool {
        let rests = self.waiting.is_empty() || self.rests > 0;
        rests && self.on_their_way.is_empty() && !self.is_asked
    }

    /// Whether each of those at hand is done with.
    pub(super) fn are_through(&self) -> bool {
        self.waiting.is_empty() && self.on_their_way.is_empty() && !self.is_asked
    }

    pub(super) fn events(&self) -> u64 {
        self.restored
    }
}
