//! Which steps are said, and when: so many short ones that nobody could follow are no events.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use stream_events::__private::after;
use tracing::callsite::Identifier;

use crate::step::Step;

/// Steps that have begun and are held back, and the times of those that were not.
#[derive(Debug)]
pub(crate) struct Held {
    throttle: Duration,
    hasher: RandomState,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// When a run last said a step of one place in the code; older than the throttle is as good as never.
    said: HashMap<u64, Instant>,
    /// In the order in which their time comes.
    waiting: VecDeque<(Instant, Weak<Step>)>,
    has_alarm: bool,
}

/// Beyond these, within one throttle, steps are held back, and then left out.
const MOST_SAID: usize = 10_000;
const MOST_WAITING: usize = 10_000;

impl Held {
    pub(crate) fn new(throttle: Duration) -> Self {
        Self {
            throttle,
            hasher: RandomState::new(),
            state: Mutex::default(),
        }
    }

    /// A step begins: it is said at once where it is the first of its place for some time, or later.
    pub(crate) fn begin(self: &Arc<Self>, step: &Arc<Step>, run: &str, place: Identifier) {
        let now = Instant::now();
        let key = self.hasher.hash_one((run, place));
        let mut state = self.state();
        if state.is_first(key, now, self.throttle) {
            drop(state);
            return step.say();
        }
        if state.wait(step, now + self.throttle) {
            drop(state);
            self.set_alarm(self.throttle);
        }
    }

    fn set_alarm(self: &Arc<Self>, time: Duration) {
        let held = Arc::downgrade(self);
        after(time, move || {
            if let Some(held) = held.upgrade() {
                held.wake();
            }
        });
    }

    /// Says those that are still there when their time has come.
    fn wake(self: &Arc<Self>) {
        let now = Instant::now();
        let (due, next) = self.state().due(now);
        for step in due {
            step.say();
        }
        if let Some(next) = next {
            self.set_alarm(next.saturating_duration_since(now));
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn is_first(&mut self, key: u64, now: Instant, throttle: Duration) -> bool {
        let is_recent = |said: &Instant| now.saturating_duration_since(*said) < throttle;
        if self.said.get(&key).is_some_and(is_recent) {
            return false;
        }
        if self.said.len() >= MOST_SAID {
            self.said.retain(|_, said| is_recent(said));
        }
        let has_room = self.said.len() < MOST_SAID;
        if has_room {
            self.said.insert(key, now);
        }
        has_room
    }

    /// Whether somebody has to be woken for it.
    fn wait(&mut self, step: &Arc<Step>, until: Instant) -> bool {
        // Those that are over: in a loop, all.
        while let Some((_, first)) = self.waiting.front()
            && first.strong_count() == 0
        {
            self.waiting.pop_front();
        }
        if self.waiting.len() >= MOST_WAITING {
            return false;
        }
        self.waiting.push_back((until, Arc::downgrade(step)));
        !std::mem::replace(&mut self.has_alarm, true)
    }

    /// Those whose time has come, and when that of the next one does.
    fn due(&mut self, now: Instant) -> (Vec<Arc<Step>>, Option<Instant>) {
        let are_due = self.waiting.partition_point(|(until, _)| *until <= now);
        let due = self.waiting.drain(..are_due);
        let due = due.filter_map(|(_, step)| step.upgrade()).collect();
        let next = self.waiting.front().map(|(until, _)| *until);
        self.has_alarm = next.is_some();
        (due, next)
    }
}
