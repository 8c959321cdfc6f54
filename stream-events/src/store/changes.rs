//! Which streams changed, on the way from a store to who wants to know.

use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// Both ends of a new way.
pub(crate) fn changes() -> (Teller, Changes) {
    let board = Arc::new(Board::default());
    (Teller(Arc::clone(&board)), Changes(board))
}

/// Says what has changed. Once it is dropped, there is nobody left who would.
#[derive(Debug)]
pub(crate) struct Teller(Arc<Board>);

/// Hears what has changed since it asked last.
#[derive(Debug)]
pub(crate) struct Changes(Arc<Board>);

#[derive(Debug, Default)]
struct Board {
    told: Mutex<Told>,
    bell: Notify,
}

/// What has changed.
#[derive(Debug, Default)]
pub(crate) struct Told {
    /// Keys, one behind the other, as often as was said.
    keys: Vec<u8>,
    /// Where each ends.
    ends: Vec<usize>,
    /// Anything may have.
    pub(crate) is_all: bool,
    is_over: bool,
}

/// Bytes of keys that are not heard yet; beyond them, anything may have changed.
const MOST_BYTES: usize = 1024 * 1024;

impl Teller {
    pub(crate) fn key(&self, key: &[u8]) {
        let mut told = self.0.told();
        if told.is_all {
            return;
        }
        if told.keys.len() + key.len() > MOST_BYTES || told.ends.len() > MOST_BYTES / 16 {
            (told.keys, told.ends, told.is_all) = (Vec::new(), Vec::new(), true);
        } else {
            told.keys.extend_from_slice(key);
            let end = told.keys.len();
            told.ends.push(end);
        }
        drop(told);
        self.0.bell.notify_one();
    }

    /// Anything may have changed, where the store can say so.
    #[cfg(any(feature = "redis", test))]
    pub(crate) fn all(&self) {
        self.0.told().is_all = true;
        self.0.bell.notify_one();
    }

    pub(crate) fn is_heard(&self) -> bool {
        Arc::strong_count(&self.0) > 1
    }
}

impl Drop for Teller {
    fn drop(&mut self) {
        self.0.told().is_over = true;
        self.0.bell.notify_one();
    }
}

impl Changes {
    /// The next of them; none where nobody says more.
    pub(crate) async fn next(&self) -> Option<Told> {
        loop {
            let told = mem::take(&mut *self.0.told());
            if told.is_over {
                self.0.told().is_over = true;
            }
            if told.is_all || !told.ends.is_empty() {
                return Some(told);
            }
            if told.is_over {
                return None;
            }
            self.0.bell.notified().await;
        }
    }
}

impl Told {
    /// As they were said. What is no text is no key of a job.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &str> {
        let starts = std::iter::once(&0).chain(&self.ends);
        let keys = starts.zip(&self.ends);
        keys.filter_map(|(start, end)| std::str::from_utf8(&self.keys[*start..*end]).ok())
    }
}

impl Board {
    fn told(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn keys_are_heard_as_they_were_said_and_then_the_end() {
        let (teller, changes) = changes();
        for key in [&b"a"[..], b"", b"\xff", "用户".as_bytes(), b"a"] {
            teller.key(key);
        }
        let told = changes.next().await.unwrap();
        assert!(!told.is_all);
        assert_eq!(told.keys().collect::<Vec<_>>(), ["a", "", "用户", "a"]);
        teller.all();
        drop(teller);
        assert!(changes.next().await.unwrap().is_all);
        assert!(changes.next().await.is_none());
        assert!(changes.next().await.is_none());
    }

    #[tokio::test]
    async fn more_keys_than_are_kept_are_all_keys() {
        for key in [vec![b'x'; 1000], Vec::new()] {
            let (teller, changes) = changes();
            let mut told = 0;
            while !teller.0.told().is_all {
                teller.key(&key);
                told += 1;
            }
            assert!(told > 1000);
            teller.key(b"late");
            let told = changes.next().await.unwrap();
            assert!(told.is_all);
            assert_eq!(told.keys().count(), 0);
        }
    }

    #[tokio::test]
    async fn who_does_not_hear_is_not_told() {
        let (teller, changes) = changes();
        assert!(teller.is_heard());
        drop(changes);
        assert!(!teller.is_heard());
    }
}
