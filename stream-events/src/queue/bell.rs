//! What wakes the worker, and whether it has to be woken.

use std::sync::atomic::{AtomicU8, Ordering::SeqCst};

use tokio::sync::Notify;

/// Waking costs a system call: it is left out where the worker looks by itself soon enough.
#[derive(Debug)]
pub(super) struct Bell {
    worker: AtomicU8,
    wake: Notify,
}

/// What the worker does, as the pushing side sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Attention {
    /// It looks here again by itself.
    Awake = 0,
    /// It looks again within a millisecond; what cannot wait that long wakes it.
    Napping = 1,
    /// Any event has to wake it.
    Asleep = 2,
}

impl Bell {
    pub(super) fn new() -> Self {
        Self {
            worker: AtomicU8::new(Attention::Awake as u8),
            wake: Notify::new(),
        }
    }

    pub(super) fn attend(&self, attention: Attention) {
        self.worker.store(attention as u8, SeqCst);
    }

    /// Whether the worker does not look by itself in time.
    pub(super) fn is_needed(&self, urgent: bool) -> bool {
        let from = if urgent {
            Attention::Napping
        } else {
            Attention::Asleep
        };
        self.worker.load(SeqCst) >= from as u8
    }

    pub(super) fn ring(&self) {
        self.wake.notify_one();
    }

    /// Resolves when it rings.
    pub(super) async fn rung(&self) {
        self.wake.notified().await;
    }
}
