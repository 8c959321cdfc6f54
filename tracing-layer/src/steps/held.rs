//! Which steps are said, and when: so many short ones that nobody could follow are no events.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use stream_events::__private::after;
use tracing::callsite::Identifier;

use super::step::Step;

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
    /// There is no room before then: until the oldest of them is old.
    full_until: Option<Instant>,
    /// In the order in which their time comes.
    waiting: VecDeque<(Instant, Weak<Step>)>,
    has_alarm: bool,
}

/// Beyond these, within one throttle, steps are held back, and then left out.
const MOST_SAID: usize = 10_000;
const MOST_WAITING: usize = 10_000;
/// No job lives so long, and it can be added to any time.
const LONGEST_THROTTLE: Duration = Duration::from_secs(365 * 24 * 60 * 60);

impl Held {
    pub(crate) fn new(throttle: Duration) -> Self {
        Self {
            throttle: throttle.min(LONGEST_THROTTLE),
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
        let is_full = self.full_until.is_some_and(|until| now < until);
        if self.said.len() >= MOST_SAID && !is_full {
            self.said.retain(|_, said| is_recent(said));
            let oldest = self.said.values().min().copied();
            self.full_until = oldest.map(|oldest| oldest + throttle);
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

#[cfg(test)]
mod tests {
    use super::*;
    use stream_events::Publisher;

    const THROTTLE: Duration = Duration::from_millis(100);

    #[test]
    fn a_throttle_without_end_is_no_panic_in_the_job() {
        let publisher = Publisher::connect("memory:held_for_ever").unwrap();
        let job = publisher.job("job_001", "t").unwrap();
        let held = Arc::new(Held::new(Duration::MAX));
        let span = tracing::subscriber::with_default(tracing_subscriber::registry(), || {
            tracing::info_span!("a step")
        });
        let place = span.metadata().unwrap().callsite();
        let steps = [(); 2].map(|()| Arc::new(Step::new(&job, None, "a step")));
        for step in &steps {
            held.begin(step, job.run_id(), place.clone());
        }
        assert_eq!(held.state().waiting.len(), 1);
    }

    #[test]
    fn the_first_of_a_place_is_said_and_again_once_the_throttle_is_over() {
        let (mut state, now) = (State::default(), Instant::now());
        assert!(state.is_first(1, now, THROTTLE));
        assert!(state.is_first(2, now, THROTTLE));
        assert!(!state.is_first(1, now + THROTTLE / 2, THROTTLE));
        assert!(state.is_first(1, now + THROTTLE, THROTTLE));
        assert!(state.is_first(3, now, Duration::ZERO));
        assert!(state.is_first(3, now, Duration::ZERO));
    }

    #[test]
    fn of_places_without_end_no_more_is_kept_than_there_is_room_for() {
        let (mut state, now) = (State::default(), Instant::now());
        let mut keys = 0..MOST_SAID as u64;
        assert!(keys.all(|key| state.is_first(key, now, THROTTLE)));
        assert!(!state.is_first(u64::MAX, now, THROTTLE));
        assert_eq!(state.said.len(), MOST_SAID);
        // Nor are they all looked at for each that comes in the meantime.
        let long_ago = now.checked_sub(2 * THROTTLE).unwrap();
        state.said.insert(0, long_ago);
        assert!(!state.is_first(u64::MAX, now + THROTTLE / 2, THROTTLE));
        assert_eq!(state.said.len(), MOST_SAID);
        assert!(state.is_first(u64::MAX, now + THROTTLE, THROTTLE));
        assert_eq!(
            state.said.len(),
            1,
            "what is older than the throttle is gone"
        );
    }

    #[test]
    fn of_steps_without_end_no_more_wait_than_there_is_room_for_and_those_that_are_over_do_not() {
        let publisher = Publisher::connect("memory:held").unwrap();
        let job = publisher.job("job_001", "t").unwrap();
        let step = || Arc::new(Step::new(&job, None, "a step"));
        let (mut state, now) = (State::default(), Instant::now());
        for _ in 0..3 {
            state.wait(&step(), now);
        }
        assert_eq!(state.waiting.len(), 1, "each was over when the next came");
        let steps: Vec<_> = (0..=MOST_WAITING).map(|_| step()).collect();
        for step in &steps {
            state.wait(step, now);
        }
        assert_eq!(state.waiting.len(), MOST_WAITING);
        let (due, next) = state.due(now);
        assert_eq!((due.len(), next), (MOST_WAITING, None));
        assert!(!state.has_alarm);
    }
}
