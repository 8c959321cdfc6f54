//! Someone who waits for one event to be delivered.

use std::sync::Arc;

use tokio::sync::oneshot;

use crate::EventId;
use crate::sync::{Mutex, PoisonError};

/// What became of an event.
#[derive(Debug)]
pub(crate) enum Outcome {
    Delivered(EventId),
    /// The store will never take it, and why.
    Rejected(String),
    /// Its time was up before the store took it.
    Expired,
    /// The publisher was shut down first.
    ShutDown {
        /// Whether it was sent, and no answer came before the worker left.
        may_arrive: bool,
    },
    /// Not in this process: it stands on disk for the next.
    Spooled,
}

/// Told once: of the event's outcome, or by its absence that the time is up.
#[derive(Debug)]
pub(crate) struct Waiter(Mutex<Option<oneshot::Sender<Outcome>>>);

impl Waiter {
    pub(crate) fn new() -> (Arc<Self>, oneshot::Receiver<Outcome>) {
        let (sender, receiver) = oneshot::channel();
        (Arc::new(Self(Mutex::new(Some(sender)))), receiver)
    }

    pub(super) fn tell(&self, outcome: Outcome) {
        if let Some(sender) = self.take() {
            // Whoever waited may have gone: that is no loss of the event.
            let _ = sender.send(outcome);
        }
    }

    /// The time is up. The event stays queued.
    pub(crate) fn give_up(&self) {
        drop(self.take());
    }

    fn take(&self) -> Option<oneshot::Sender<Outcome>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}
