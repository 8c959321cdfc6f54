//! How the worker is woken: no more often than it has to be, since that costs the job a system call.

use std::sync::OnceLock;
use std::thread::{self, Thread};
use std::time::Duration;

use tokio::sync::Notify;

use crate::sync::atomic::{AtomicU8, Ordering::SeqCst};

/// What the worker does, as the pushing side sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Attention {
    /// It looks here again by itself.
    Awake = 0,
    /// It looks again before long; what cannot wait for that wakes it.
    Napping = 1,
    /// Any event has to wake it.
    Asleep = 2,
}

#[derive(Debug)]
pub(super) struct Bell {
    worker: AtomicU8,
    wake: Notify,
    /// The worker's thread, once it has slept on its own.
    sleeper: OnceLock<Thread>,
}

impl Bell {
    pub(super) fn new() -> Self {
        Self {
            worker: AtomicU8::new(Attention::Awake as u8),
            wake: Notify::new(),
            sleeper: OnceLock::new(),
        }
    }

    pub(super) fn attend(&self, attention: Attention) {
        self.worker.store(attention as u8, SeqCst);
    }

    pub(super) async fn rung(&self) {
        self.wake.notified().await;
    }

    /// Whether the worker has to be told of an event that it is to see.
    pub(super) fn is_due(&self, urgent: bool) -> bool {
        let from = if urgent {
            Attention::Napping
        } else {
            Attention::Asleep
        };
        self.worker.load(SeqCst) >= from as u8
    }

    pub(super) fn ring(&self) {
        self.wake.notify_one();
        if let Some(sleeper) = self.sleeper.get() {
            sleeper.unpark();
        }
    }

    /// The worker's thread sleeps for so long at most, or until it is wanted: a runtime's timers count
    /// in milliseconds.
    pub(super) fn nap(&self, time: Duration) {
        self.sleeper.get_or_init(thread::current);
        thread::park_timeout(time);
    }
}
