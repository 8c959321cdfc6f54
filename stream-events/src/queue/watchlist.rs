//! Lanes whose lifecycle events the worker wants to know of at once, while it keeps them on disk.

use std::sync::Arc;

use tokio::sync::Notify;

use super::Lane;
use crate::sync::atomic::{AtomicBool, Ordering::SeqCst};
use crate::sync::{Mutex, MutexGuard, PoisonError};

#[derive(Debug, Default)]
pub(super) struct Watchlist {
    is_open: AtomicBool,
    lanes: Mutex<Vec<Arc<Lane>>>,
    wake: Notify,
}

impl Watchlist {
    /// What is pushed from here on is noted; what was pushed before stands in its lane.
    pub(super) fn open(&self) {
        self.is_open.store(true, SeqCst);
    }

    pub(super) fn close(&self) {
        self.is_open.store(false, SeqCst);
        self.lanes().clear();
    }

    /// Called after the event is in its lane, so that it is seen either here or there.
    pub(super) fn note(&self, lane: &Arc<Lane>) {
        if self.is_open.load(SeqCst) {
            self.lanes().push(Arc::clone(lane));
            self.wake.notify_one();
        }
    }

    pub(super) fn take(&self) -> Vec<Arc<Lane>> {
        std::mem::take(&mut *self.lanes())
    }

    /// Resolves when there is something.
    pub(super) async fn wanted(&self) {
        self.wake.notified().await;
    }

    fn lanes(&self) -> MutexGuard<'_, Vec<Arc<Lane>>> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
