//! The store's clock, as far as it is known here.

use std::time::{Duration, Instant};

/// What the store told last, from when on our own steady clock counts. The time of this machine never
/// matters.
#[derive(Debug, Default)]
pub(super) struct Clock(Option<(u64, Instant)>);

impl Clock {
    pub(super) fn is_known(&self) -> bool {
        self.0.is_some()
    }

    /// The store's time, in ms since 1970.
    pub(super) fn at(&self, now: Instant) -> Option<u64> {
        let (told, at) = self.0?;
        Some(told + now.saturating_duration_since(at).as_millis() as u64)
    }

    /// Takes what the store tells; whether that is, but for `tolerance`, what was expected.
    pub(super) fn set(&mut self, told: u64, now: Instant, tolerance: Duration) -> bool {
        let expected = self.at(now);
        self.0 = Some((told, now));
        expected.is_none_or(|at| u128::from(at.abs_diff(told)) <= tolerance.as_millis())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_goes_on_from_what_was_told_and_a_jump_is_noticed() {
        let (mut clock, start) = (Clock::default(), Instant::now());
        let second = Duration::from_secs(1);
        assert_eq!(clock.at(start), None);
        assert!(clock.set(5_000, start, second));
        assert_eq!(clock.at(start + 3 * second), Some(8_000));
        assert!(clock.set(8_900, start + 3 * second, second));
        assert!(!clock.set(3_608_900, start + 3 * second, second));
        assert_eq!(clock.at(start + 4 * second), Some(3_609_900));
    }
}
