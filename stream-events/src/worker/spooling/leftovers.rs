//! Runs whose process is gone: what it could not deliver of them any more.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::epilogue::Written;
use crate::spool::Leftover;
use crate::store::{Class, Fault};

pub(in crate::worker) struct Leftovers {
    /// With the time from which on it is tried, and how often it was.
    waiting: VecDeque<(Instant, u32, Leftover)>,
    on_their_way: Vec<(u32, Arc<Leftover>)>,
    /// Whether it is not known yet what there is.
    is_asked: bool,
    restored: u64,
}

/// What came of one.
pub(in crate::worker) struct Restored {
    pub(in crate::worker) leftover: Arc<Leftover>,
    /// What the stream had lacked.
    pub(in crate::worker) written: Result<Written, Fault>,
}

/// So many are on their way at once: what is emitted here comes first.
const AT_ONCE: usize = 2;
const SHORTEST_REST: Duration = Duration::from_millis(100);
const LONGEST_REST: Duration = Duration::from_secs(30);
/// What is refused so often, over about two minutes, is left to the next process: others wait behind.
const MOST_TRIES: u32 = 12;

impl Leftovers {
    pub(super) fn new(is_asked: bool) -> Self {
        Self {
            waiting: VecDeque::new(),
            on_their_way: Vec::new(),
            is_asked,
            restored: 0,
        }
    }

    /// A piece of what there is; with none, that is all.
    pub(super) fn add(&mut self, runs: Vec<Leftover>) {
        self.is_asked = false;
        let now = Instant::now();
        let new = runs.into_iter().map(|run| (now, 0, run));
        self.waiting.extend(new);
    }

    pub(super) fn ask(&mut self) {
        self.is_asked = true;
    }

    /// The next to be brought to the store.
    pub(in crate::worker) fn next(&mut self, now: Instant) -> Option<Arc<Leftover>> {
        if self.on_their_way.len() >= AT_ONCE || self.waiting.front()?.0 > now {
            return None;
        }
        let (_, tries, leftover) = self.waiting.pop_front()?;
        let leftover = Arc::new(leftover);
        self.on_their_way.push((tries, Arc::clone(&leftover)));
        Some(leftover)
    }

    /// Gives back what is done with, or why it cannot be. What the store cannot take now is tried later,
    /// what it never will stays on the disk.
    pub(super) fn take(
        &mut self,
        restored: Restored,
        now: Instant,
    ) -> Option<Result<Leftover, Fault>> {
        let Restored { leftover, written } = restored;
        let is_it = |(_, other): &(u32, Arc<Leftover>)| Arc::ptr_eq(other, &leftover);
        let at = self.on_their_way.iter().position(is_it);
        let tries = at.map_or(0, |at| self.on_their_way.swap_remove(at).0);
        let leftover = Arc::unwrap_or_clone(leftover);
        match written {
            Ok(written) => {
                self.restored += written.ids.len() as u64;
                Some(Ok(leftover))
            }
            Err(fault) if matches!(fault.class, Class::Never | Class::Odd) => Some(Err(fault)),
            // The part of the store that has the stream may be away for long: that is no refusal.
            Err(fault) if tries >= MOST_TRIES && fault.class != Class::Away => Some(Err(fault)),
            Err(_) => {
                let rest = SHORTEST_REST.saturating_mul(1 << tries.min(MOST_TRIES));
                let rest = rest.min(LONGEST_REST);
                self.waiting.push_back((now + rest, tries + 1, leftover));
                None
            }
        }
    }

    /// What was on its way may or may not have arrived: it is looked for again.
    pub(in crate::worker) fn connection_lost(&mut self) {
        let now = Instant::now();
        for (tries, leftover) in self.on_their_way.drain(..) {
            let leftover = Arc::unwrap_or_clone(leftover);
            self.waiting.push_front((now, tries, leftover));
        }
    }

    /// When there is something to be tried.
    pub(in crate::worker) fn due(&self) -> Option<Instant> {
        let has_room = self.on_their_way.len() < AT_ONCE;
        self.waiting
            .front()
            .map(|(at, ..)| *at)
            .filter(|_| has_room)
    }

    /// Whether there is nothing left that could be done now.
    pub(in crate::worker) fn is_idle(&self) -> bool {
        let all_rest = self.waiting.iter().all(|(_, tries, _)| *tries > 0);
        all_rest && self.on_their_way.is_empty() && !self.is_asked
    }

    /// Whether each of those at hand is done with.
    pub(super) fn are_through(&self) -> bool {
        self.waiting.is_empty() && self.on_their_way.is_empty() && !self.is_asked
    }

    pub(super) fn events(&self) -> u64 {
        self.restored
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::EventId;
    use crate::spool::sample::leftover;

    /// These are all due.
    fn leftovers(runs: &[&str]) -> (Leftovers, Instant) {
        let mut leftovers = Leftovers::new(true);
        leftovers.add(runs.iter().map(|run| leftover(run)).collect());
        (leftovers, Instant::now())
    }

    fn refused(leftover: Arc<Leftover>, class: Class) -> Restored {
        let written = Err(Fault::new(class, "no"));
        Restored { leftover, written }
    }

    fn done(leftover: Arc<Leftover>) -> Restored {
        let written = Ok(Written {
            ids: vec![EventId::ZERO],
            ..Written::default()
        });
        Restored { leftover, written }
    }

    #[test]
    fn what_is_refused_too_often_is_given_up_and_others_have_their_turn_before() {
        let (mut leftovers, mut now) = leftovers(&["a", "b", "c"]);
        let (mut tries, mut others) = (0, 0);
        let fault = loop {
            let next = leftovers.next(now).unwrap();
            if *next.run != *"a" {
                others += 1;
                assert_eq!(tries, 1, "before it is tried again");
                assert!(matches!(leftovers.take(done(next), now), Some(Ok(_))));
                continue;
            }
            tries += 1;
            match leftovers.take(refused(next, Class::Later), now) {
                None => now += LONGEST_REST,
                Some(given_up) => break given_up.unwrap_err(),
            }
            assert!(!leftovers.are_through());
        };
        assert_eq!((tries, others), (MOST_TRIES + 1, 2));
        assert_eq!(fault.why, "no");
        assert!(leftovers.are_through() && leftovers.next(now).is_none());
        assert_eq!(leftovers.events(), 2);
    }

    #[test]
    fn it_rests_longer_each_time() {
        let (mut leftovers, mut now) = leftovers(&["a"]);
        let mut rests = Vec::new();
        for _ in 0..MOST_TRIES {
            let next = leftovers.next(now).unwrap();
            assert!(leftovers.take(refused(next, Class::Denied), now).is_none());
            assert!(leftovers.next(now).is_none() && leftovers.is_idle());
            let due = leftovers.due().unwrap();
            rests.push(due - now);
            now = due;
        }
        assert_eq!(rests[..3], [1, 2, 4].map(|times| times * SHORTEST_REST));
        assert_eq!(rests.last(), Some(&LONGEST_REST));
    }

    #[test]
    fn where_a_part_of_the_store_is_away_nothing_is_given_up() {
        let (mut leftovers, mut now) = leftovers(&["a"]);
        for _ in 0..3 * MOST_TRIES {
            let next = leftovers.next(now).unwrap();
            assert!(leftovers.take(refused(next, Class::Away), now).is_none());
            now += LONGEST_REST;
        }
        assert!(leftovers.next(now).is_some());
    }

    #[test]
    fn what_the_store_never_takes_is_given_up_at_once() {
        for class in [Class::Never, Class::Odd] {
            let (mut leftovers, now) = leftovers(&["a"]);
            let next = leftovers.next(now).unwrap();
            let given_up = leftovers.take(refused(next, class), now);
            assert!(matches!(given_up, Some(Err(fault)) if fault.why == "no"));
            assert!(leftovers.are_through());
        }
    }

    #[test]
    fn a_connection_that_is_lost_is_no_try_and_what_was_on_its_way_comes_first() {
        let (mut leftovers, mut now) = leftovers(&["a", "b", "c"]);
        for _ in 0..=MOST_TRIES {
            let mut runs = [(); AT_ONCE].map(|()| leftovers.next(now).unwrap().run.clone());
            runs.sort();
            assert_eq!(runs.map(|run| run.to_string()), ["a", "b"]);
            assert!(leftovers.next(now).is_none() && leftovers.due().is_none());
            assert!(!leftovers.is_idle());
            leftovers.connection_lost();
            now = Instant::now();
        }
        let next = leftovers.next(now).unwrap();
        assert!(leftovers.take(refused(next, Class::Later), now).is_none());
    }
}
