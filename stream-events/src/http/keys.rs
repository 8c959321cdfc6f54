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
pub struct Keys(Arc<Kept<Grant>>);

impl Keys {
    /// Keys that are good for this time.
    #[must_use]
    pub fn new(lifetime: Duration) -> Self {
        Self(Arc::new(Kept::new(lifetime)))
    }

    /// A new key, of 64 hexadecimal digits.
    #[must_use]
    pub fn issue(&self, caller: impl AsRef<str>) -> String {
        self.0.put(Grant::to(caller))
    }

    /// What the key is good for, for as long as it is.
    ///
    /// # Errors
    ///
    /// There is no such key, or its time is up.
    pub fn grant(&self, key: &str) -> Result<Grant, Denied> {
        let found = self.0.find(key).ok_or(Denied::NotFound);
        found.map(|(grant, left)| grant.validity(left))
    }

    /// What the key was good for, from now on for nothing.
    ///
    /// # Errors
    ///
    /// As for [`grant`](Self::grant).
    pub fn take(&self, key: &str) -> Result<Grant, Denied> {
        let taken = self.0.kept().values.remove(key);
        taken.map(|(grant, _)| grant).ok_or(Denied::NotFound)
    }
}

/// What is kept for whoever has its key.
pub(super) struct Kept<T> {
    lifetime: Duration,
    values: Mutex<Values<T>>,
}

struct Values<T> {
    values: HashMap<String, (T, Instant)>,
    /// In the order in which they end.
    ends: VecDeque<(Instant, String)>,
}

const MOST_KEYS: usize = 100_000;
/// As good as without end: a year, which any clock can add to now.
const LONGEST: Duration = Duration::from_secs(365 * 24 * 60 * 60);

impl<T: Clone> Kept<T> {
    pub(super) fn new(lifetime: Duration) -> Self {
        let values = Values {
            values: HashMap::new(),
            ends: VecDeque::new(),
        };
        Self {
            lifetime,
            values: Mutex::new(values),
        }
    }

    /// The key, of 244 bits that nobody knows.
    pub(super) fn put(&self, value: T) -> String {
        let half = || Uuid::new_v4().simple().to_string();
        let key = half() + &half();
        let ends = Instant::now() + self.lifetime.min(LONGEST);
        let mut kept = self.kept();
        kept.ends.push_back((ends, key.clone()));
        kept.values.insert(key.clone(), (value, ends));
        key
    }

    /// And for how long it is there.
    pub(super) fn find(&self, key: &str) -> Option<(T, Duration)> {
        let kept = self.kept();
        let (value, ends) = kept.values.get(key)?;
        let left = ends.saturating_duration_since(Instant::now());
        Some((value.clone(), left))
    }

    /// Without those whose time is up.
    fn kept(&self) -> MutexGuard<'_, Values<T>> {
        let mut kept = self.values.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        while let Some((ends, _)) = kept.ends.front()
            && (*ends <= now || kept.ends.len() >= MOST_KEYS)
            && let Some((_, key)) = kept.ends.pop_front()
        {
            kept.values.remove(&key);
        }
        kept
    }
}

/// Shows no key.
impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.0.kept().values.len();
        f.debug_struct("Keys")
            .field("lifetime", &self.0.lifetime)
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
        while keys.grant(&first).is_ok() || !keys.0.kept().ends.is_empty() {
            assert!(Instant::now() < until);
            std::thread::yield_now();
        }
    }

    #[test]
    fn a_key_may_be_good_without_end() {
        let keys = Keys::new(Duration::MAX);
        let key = keys.issue("a");
        assert_eq!(keys.grant(&key).unwrap().caller(), "a");
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
        assert_eq!(keys.0.kept().values.len(), MOST_KEYS - 1);
    }
}
