//! What a proxy has seen.

use std::sync::{Condvar, Mutex, MutexGuard};
use std::time::Duration;

use super::rule::Way;

/// What a proxy has seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Traffic {
    /// Connections that clients opened.
    pub connections: usize,
    /// Of these, those that are there now.
    pub open: usize,
    /// Bytes of requests that passed.
    pub to_server: u64,
    /// Bytes of replies that passed.
    pub to_client: u64,
    /// Bytes of requests that are held.
    pub held_to_server: usize,
    /// Bytes of replies that are held.
    pub held_to_client: usize,
    /// How often [`Rule::HoldOn`](super::Rule::HoldOn) had what it waited for.
    pub caught: usize,
}

/// The traffic, and a bell for each change.
#[derive(Debug, Default)]
pub(crate) struct Count {
    traffic: Mutex<Traffic>,
    bell: Condvar,
}

/// How long a test waits for traffic.
const PATIENCE: Duration = Duration::from_secs(60);

impl Count {
    pub(crate) fn traffic(&self) -> MutexGuard<'_, Traffic> {
        self.traffic.lock().unwrap()
    }

    pub(crate) fn wait(&self, is_there: impl Fn(&Traffic) -> bool) {
        let is_missing = |traffic: &mut Traffic| !is_there(traffic);
        let waited = self
            .bell
            .wait_timeout_while(self.traffic(), PATIENCE, is_missing);
        let (traffic, waited) = waited.unwrap();
        let seen = *traffic;
        // Panicking with the lock in hand would end the proxy's thread, and by that the process.
        drop(traffic);
        assert!(!waited.timed_out(), "the proxy has only seen {seen:?}");
    }

    pub(crate) fn caught(&self) {
        self.change(|traffic| traffic.caught += 1);
    }

    /// Its number.
    pub(crate) fn opened(&self) -> usize {
        self.change(|traffic| {
            traffic.open += 1;
            traffic.connections += 1;
            traffic.connections - 1
        })
    }

    pub(crate) fn closed(&self) {
        self.change(|traffic| traffic.open -= 1);
    }

    pub(crate) fn passed(&self, way: Way, bytes: usize) {
        self.change(|traffic| match way {
            Way::ToServer => traffic.to_server += bytes as u64,
            Way::ToClient => traffic.to_client += bytes as u64,
        });
    }

    pub(crate) fn held(&self, way: Way, before: usize, after: usize) {
        self.change(|traffic| {
            let held = match way {
                Way::ToServer => &mut traffic.held_to_server,
                Way::ToClient => &mut traffic.held_to_client,
            };
            *held = *held + after - before;
        });
    }

    fn change<T>(&self, change: impl FnOnce(&mut Traffic) -> T) -> T {
        let changed = change(&mut self.traffic());
        self.bell.notify_all();
        changed
    }
}
