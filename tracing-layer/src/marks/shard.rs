//! The marks of some of all spans, under a lock that in a fork nobody waits for.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::process;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, OnceLock, PoisonError, RwLock, TryLockError, TryLockResult};
use std::thread;

use super::{Key, Mark};

/// Nothing but looking up is done under its lock, and nothing is dropped.
pub(super) struct Shard {
    marks: RwLock<Marks>,
    /// In a fork: there is no hope to read them, or to write.
    is_unread: AtomicBool,
    is_unwritten: AtomicBool,
}

type Marks = HashMap<Key, Arc<Mark>, BuildHasherDefault<Mixed>>;

/// A key mixes itself: nobody chooses the ids of spans, so that no more is needed.
#[derive(Default)]
struct Mixed(u64);

impl Hasher for Mixed {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    fn write_u64(&mut self, mixed: u64) {
        self.0 = self.0.rotate_left(8) ^ mixed;
    }

    /// A map looks at the last bits first, and all keys of a shard have the same first ones.
    fn finish(&self) -> u64 {
        self.0.rotate_left(24)
    }
}

/// The process that had the first layer.
static PROCESS: OnceLock<u32> = OnceLock::new();
/// How often a fork asks for a lock before it knows that nobody is there to let it go.
const TRIES: usize = 100;

/// A layer is put around a subscriber: what has another process is a fork.
pub(crate) fn begin() {
    PROCESS.get_or_init(process::id);
}

impl Shard {
    pub(super) const fn new() -> Self {
        Self {
            marks: RwLock::new(HashMap::with_hasher(BuildHasherDefault::new())),
            is_unread: AtomicBool::new(false),
            is_unwritten: AtomicBool::new(false),
        }
    }

    pub(super) fn get(&self, key: &Key) -> Option<Arc<Mark>> {
        let marks = locked(
            || self.marks.try_read(),
            || self.marks.read().unwrap_or_else(PoisonError::into_inner),
            is_fork,
            &self.is_unread,
        );
        marks?.get(key).cloned()
    }

    pub(super) fn insert(&self, key: Key, mark: &Arc<Mark>) {
        let earlier = self.change(|marks| marks.insert(key, Arc::clone(mark)));
        drop(earlier);
    }

    pub(super) fn remove(&self, key: &Key) {
        let removed = self.change(|marks| marks.remove(key));
        drop(removed);
    }

    fn change<R>(&self, change: impl FnOnce(&mut Marks) -> R) -> Option<R> {
        let marks = locked(
            || self.marks.try_write(),
            || self.marks.write().unwrap_or_else(PoisonError::into_inner),
            is_fork,
            &self.is_unwritten,
        );
        marks.map(|mut marks| change(&mut marks))
    }
}

fn is_fork() -> bool {
    *PROCESS.get_or_init(process::id) != process::id()
}

/// The lock; none in a fork in which nobody is there to let it go, which is kept in mind.
fn locked<G>(
    try_lock: impl Fn() -> TryLockResult<G>,
    lock: impl FnOnce() -> G,
    is_fork: impl FnOnce() -> bool,
    is_hopeless: &AtomicBool,
) -> Option<G> {
    let at_once = || match try_lock() {
        Ok(locked) => Some(locked),
        Err(TryLockError::Poisoned(locked)) => Some(locked.into_inner()),
        Err(TryLockError::WouldBlock) => None,
    };
    let was_hopeless = is_hopeless.load(Relaxed);
    let locked = at_once().or_else(|| {
        if !is_fork() {
            return Some(lock());
        }
        let tries = if was_hopeless { 0 } else { TRIES };
        (0..tries).find_map(|_| {
            thread::yield_now();
            at_once()
        })
    });
    if was_hopeless == locked.is_some() {
        is_hopeless.store(locked.is_none(), Relaxed);
    }
    locked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_that_is_held_is_waited_for_but_in_a_fork_not_for_ever() {
        let lock = RwLock::new(7);
        let is_hopeless = AtomicBool::new(false);
        let read = |is_fork: bool| {
            let wait = || lock.read().unwrap();
            locked(|| lock.try_read(), wait, || is_fork, &is_hopeless).map(|seven| *seven)
        };
        assert_eq!([false, true].map(read), [Some(7), Some(7)]);
        let held = lock.write().unwrap();
        assert_eq!(read(true), None);
        assert!(is_hopeless.load(Relaxed));
        thread::scope(|threads| {
            let waits = threads.spawn(|| read(false));
            thread::yield_now();
            drop(held);
            assert_eq!(waits.join().unwrap(), Some(7));
        });
        assert!(!is_hopeless.load(Relaxed), "somebody was there");
    }
}
