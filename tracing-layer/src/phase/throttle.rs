//! How often a phase speaks.

use std::mem::replace;
use std::time::{Duration, Instant};

/// The time between two events of one `progress_span!` where nothing but its numbers changes.
pub const DEFAULT_THROTTLE: Duration = Duration::from_millis(100);

/// However long that is: what an alarm holds of a phase that is over is free after this.
const LONGEST_SLEEP: Duration = Duration::from_secs(10);

/// When a phase last spoke, and what it owes.
#[derive(Debug)]
pub(crate) struct Throttle {
    every: Duration,
    spoke: Instant,
    is_unsaid: bool,
    has_alarm: bool,
}

/// What a phase does about a change.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// It says where it stands.
    Speak,
    /// It is woken in so long, to say it then.
    Later(Duration),
    /// It will be woken, or has nothing to say.
    Wait,
}

impl Throttle {
    /// Of a phase that has yet to say its first word.
    pub(crate) fn new(every: Duration, now: Instant) -> Self {
        Self {
            every,
            spoke: now,
            is_unsaid: false,
            has_alarm: false,
        }
    }

    /// Something has changed: what cannot wait, or numbers alone.
    pub(crate) fn changed(&mut self, is_urgent: bool, now: Instant) -> Turn {
        let since = now.saturating_duration_since(self.spoke);
        if is_urgent || since >= self.every {
            self.spoke = now;
            self.is_unsaid = false;
            return Turn::Speak;
        }
        self.is_unsaid = true;
        if replace(&mut self.has_alarm, true) {
            Turn::Wait
        } else {
            Turn::Later((self.every - since).min(LONGEST_SLEEP))
        }
    }

    /// It is woken. Meanwhile it may have spoken, and have more to say since.
    pub(crate) fn woken(&mut self, now: Instant) -> Turn {
        self.has_alarm = false;
        if self.is_unsaid {
            self.changed(false, now)
        } else {
            Turn::Wait
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVERY: Duration = Duration::from_millis(100);

    /// So many milliseconds after a phase began.
    fn at(began: Instant, ms: u64) -> Instant {
        began + Duration::from_millis(ms)
    }

    fn later(ms: u64) -> Turn {
        Turn::Later(Duration::from_millis(ms))
    }

    #[test]
    fn numbers_wait_for_their_time_and_are_said_then_if_nothing_else_comes() {
        let began = Instant::now();
        let mut throttle = Throttle::new(EVERY, began);
        assert_eq!(throttle.changed(false, at(began, 10)), later(90));
        assert_eq!(throttle.changed(false, at(began, 20)), Turn::Wait);
        assert_eq!(throttle.woken(at(began, 100)), Turn::Speak);
        assert_eq!(throttle.changed(false, at(began, 150)), later(50));
        assert_eq!(throttle.woken(at(began, 200)), Turn::Speak);
        assert_eq!(throttle.changed(false, at(began, 300)), Turn::Speak);
    }

    #[test]
    fn what_cannot_wait_is_said_at_once_and_takes_along_what_waited() {
        let began = Instant::now();
        let mut throttle = Throttle::new(EVERY, began);
        assert_eq!(throttle.changed(false, at(began, 10)), later(90));
        assert_eq!(throttle.changed(true, at(began, 60)), Turn::Speak);
        assert_eq!(throttle.woken(at(began, 100)), Turn::Wait);
    }

    #[test]
    fn an_alarm_that_comes_too_early_is_set_again() {
        let began = Instant::now();
        let mut throttle = Throttle::new(EVERY, began);
        assert_eq!(throttle.changed(false, at(began, 10)), later(90));
        assert_eq!(throttle.changed(true, at(began, 60)), Turn::Speak);
        assert_eq!(throttle.changed(false, at(began, 70)), Turn::Wait);
        assert_eq!(throttle.woken(at(began, 100)), later(60));
        assert_eq!(throttle.woken(at(began, 160)), Turn::Speak);
    }

    #[test]
    fn of_a_phase_that_is_over_no_alarm_is_kept_for_long() {
        let hour = Duration::from_secs(3600);
        let began = Instant::now();
        let mut throttle = Throttle::new(hour, began);
        let turn = throttle.changed(false, at(began, 10));
        assert_eq!(turn, Turn::Later(LONGEST_SLEEP));
        let nearly = hour - Duration::from_millis(3);
        let turn = throttle.woken(began + LONGEST_SLEEP);
        assert_eq!(turn, Turn::Later(LONGEST_SLEEP));
        assert_eq!(throttle.woken(began + nearly), later(3));
        assert_eq!(throttle.woken(began + hour), Turn::Speak);
    }

    #[test]
    fn a_timer_that_never_wakes_anybody_silences_nobody() {
        let began = Instant::now();
        let mut throttle = Throttle::new(EVERY, began);
        assert_eq!(throttle.changed(false, at(began, 10)), later(90));
        assert_eq!(throttle.changed(false, at(began, 110)), Turn::Speak);
    }

    #[test]
    fn without_a_time_between_all_is_said() {
        let began = Instant::now();
        let mut throttle = Throttle::new(Duration::ZERO, began);
        assert_eq!(throttle.changed(false, began), Turn::Speak);
        assert_eq!(throttle.changed(false, began), Turn::Speak);
    }
}
