//! Spans that should be runs and cannot be, as where the queue is full.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use stream_events::__private::unadopted;
use stream_events::Error;

/// When one was told of last.
#[derive(Debug, Default)]
pub(crate) struct Refused(Mutex<Option<Instant>>);

/// Of those that come within this of one that was told, none is: they may be all that there are.
const QUIET: Duration = Duration::from_secs(60);

impl Refused {
    /// The job runs all the same. The worker says it: in a callback nobody would hear it.
    pub(crate) fn tell(&self, span: &str, error: &Error) {
        if self.is_time(Instant::now()) {
            unadopted(span, error);
        }
    }

    fn is_time(&self, now: Instant) -> bool {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_recent = |told: Instant| now.saturating_duration_since(told) < QUIET;
        let is_time = !told.is_some_and(is_recent);
        if is_time {
            *told = Some(now);
        }
        is_time
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_that_are_refused_one_a_minute_is_told() {
        let (refused, now) = (Refused::default(), Instant::now());
        let is_time = |seconds| refused.is_time(now + Duration::from_secs(seconds));
        assert_eq!(
            [0, 1, 59, 60, 61].map(is_time),
            [true, false, false, true, false]
        );
    }
}
