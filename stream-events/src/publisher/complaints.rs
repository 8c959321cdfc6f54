//! What of a run is missing, and was said lately: it may be missing at the rate of the calls.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// When each kind was said last.
#[derive(Default)]
pub(crate) struct Complaints {
    /// Runs that leave no events.
    pub(crate) unseen: Lately,
    /// Spans of others that should be runs, and cannot be.
    pub(crate) unadopted: Lately,
    /// Runs that tell no parent.
    pub(crate) parentless: Lately,
}

/// When something was said. No lock, which a fork might find locked by a thread that it does not have.
pub(crate) struct Lately {
    since: Instant,
    /// In milliseconds from then on, and one more: never is nothing.
    said: AtomicU64,
}

/// Of those that come within this of one that was said, none is: they may be all that there are.
const QUIET: Duration = Duration::from_secs(60);

impl Default for Lately {
    fn default() -> Self {
        Self {
            since: Instant::now(),
            said: AtomicU64::new(0),
        }
    }
}

impl Lately {
    /// Whether it is time to say it again, as the caller does then.
    pub(crate) fn is_news(&self, now: Instant) -> bool {
        let now = now.saturating_duration_since(self.since).as_millis() as u64 + 1;
        let said = self.said.load(Relaxed);
        let is_time = said == 0 || now.saturating_sub(said) >= QUIET.as_millis() as u64;
        // Of several callers at once, one says it.
        let is_first = || self.said.compare_exchange(said, now, Relaxed, Relaxed);
        is_time && is_first().is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_complaints_one_a_minute_is_said() {
        let lately = Lately::default();
        let is_news = |seconds| lately.is_news(lately.since + Duration::from_secs(seconds));
        assert_eq!(
            [0, 1, 59, 60, 61, 120].map(is_news),
            [true, false, false, true, false, true]
        );
    }
}
