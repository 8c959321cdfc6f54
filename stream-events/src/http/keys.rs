//! Random texts that stand for who has one.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use uuid::Uuid;

use super::{Denied, Grant};

/// Keys that nobody guesses, each of which stands for a caller for a while: what the cookie of a session
/// holds, or a ticket, which can be used once. A clone is another handle to the same.
///
/// They are lost with the process, and there are at most 100,000 of them: for another one, the oldest goes.
///
/// ```
/// use std::time::Duration;
/// use stream_events::http::{Denied, Keys};
///
/// let tickets = Keys::new(Duration::from_secs(30));
/// let ticket = tickets.issue("alice");
/// assert_eq!(tickets.take(&ticket)?.caller(), "alice");
/// assert_eq!(tickets.take(&ticket), Err(Denied::NotFound));
/// # Ok::<(), Denied>(())
/// ```
#[derive(Clone)]
pub struct Keys {
    lifetime: Duration,
    issued: Arc<Mutex<Issued>>,
}

#[derive(Default)]
struct Issued {
    callers: HashMap<String, (Grant, Instant)>,
    /// In the order in which they end.
    ends: VecDeque<(Instant, String)>,
}

const MOST_KEYS: usize = 100_000;

impl Keys {
    /// Keys that are good for this time.
    #[must_use]
    pub fn new(lifetime: Duration) -> Self {
        Self {
            lifetime,
            issued: Arc::default(),
        }
    }

    /// A new key, of 64 hexadecimal digits.
    #[must_use]
    pub fn issue(&self, caller: impl AsRef<str>) -> String {
        let half = || Uuid::new_v4().simple().to_string();
        let key = half() + &half();
        let ends = Instant::now() + self.lifetime;
        let mut issued = self.issued();
        issued.ends.push_back((ends, key.clone()));
        issued
            .callers
            .insert(key.clone(), (Grant::to(caller), ends));
        key
    }

    /// What the key is good for, for as long as it is.
    ///
    /// # Errors
    ///
    /// There is no such key, or its time is up.
    pub fn grant(&self, key: &str) -> Result<Grant, Denied> {
        let issued = self.issued();
        let (grant, ends) = issued.callers.get(key).ok_or(Denied::NotFound)?;
        let left = ends.saturating_duration_since(Instant::now());
        Ok(grant.clone().validity(left))
    }

    /// What the key was good for, from now on for nothing.
    ///
    /// # Errors
    ///
    /// As for [`grant`](Self::grant).
    pub fn take(&self, key: &str) -> Result<Grant, Denied> {
        let taken = self.issued().callers.remove(key);
        taken.map(|(grant, _)| grant).ok_or(Denied::NotFound)
    }

    /// Without those whose time is up.
    fn issued(&self) -> MutexGuard<'_, Issued> {
        let mut issued = self.issued.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        while let Some((ends, _)) = issued.ends.front()
            && (*ends <= now || issued.ends.len() >= MOST_KEYS)
            && let Some((_, key)) = issued.ends.pop_front()
        {
            issued.callers.remove(&key);
        }
        issued
    }
}

/// Shows no key.
impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.issued().callers.len();
        f.debug_struct("Keys")
            .field("lifetime", &self.lifetime)
            .field("count", &count)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_good_for_its_time_and_a_taken_one_for_nothing() {
        let keys = Keys::new(Duration::from_millis(200));
        let (first, second) = (keys.issue("a"), keys.issue("b"));
        assert!(first != second && first.len() == 64);
        assert_eq!(keys.grant(&first).unwrap().caller(), "a");
        assert_eq!(keys.take(&second).unwrap().caller(), "b");
        assert_eq!(keys.grant(&second), Err(Denied::NotFound));
        assert_eq!(keys.take(""), Err(Denied::NotFound));
        let shown = format!("{keys:?}");
        assert!(
            !shown.contains(&first) && shown.contains("count: 1"),
            "{shown}"
        );
        let until = Instant::now() + Duration::from_secs(10);
        while keys.grant(&first).is_ok() {
            assert!(Instant::now() < until);
            std::thread::yield_now();
        }
        assert_eq!(keys.issued().ends.len(), 0);
    }

    #[test]
    fn the_oldest_goes_where_there_are_too_many() {
        let keys = Keys::new(Duration::from_secs(600));
        let first = keys.issue("a");
        let second = keys.issue("a");
        for _ in 0..MOST_KEYS - 1 {
            let _ = keys.issue("a");
        }
        assert_eq!(keys.grant(&first), Err(Denied::NotFound));
        assert_eq!(keys.grant(&second), Err(Denied::NotFound));
        assert_eq!(keys.issued().callers.len(), MOST_KEYS - 1);
    }
}
