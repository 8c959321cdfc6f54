//! Whether the other end of a connection answers.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tokio::time::Instant;

#[derive(Debug, Default)]
pub(in super::super) struct Pulse {
    beat: Mutex<Beat>,
    end: Notify,
}

#[derive(Debug, Default)]
struct Beat {
    unanswered: usize,
    /// Since when something was asked, and nothing has come back.
    waits_since: Option<Instant>,
    is_over: bool,
}

impl Pulse {
    pub(super) fn asked(&self) {
        let mut beat = self.beat();
        beat.unanswered += 1;
        beat.waits_since.get_or_insert_with(Instant::now);
    }

    pub(super) fn answered(&self) {
        let mut beat = self.beat();
        beat.unanswered = beat.unanswered.saturating_sub(1);
        beat.waits_since = (beat.unanswered > 0).then(Instant::now);
    }

    /// The connection is.
    pub(super) fn end(&self) {
        self.beat().is_over = true;
        self.end.notify_waiters();
    }

    fn beat(&self) -> MutexGuard<'_, Beat> {
        self.beat.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(feature = "cluster")]
impl Pulse {
    /// Since when something is asked that was not answered, with nothing else in between.
    pub(in super::super) fn waits_since(&self) -> Option<Instant> {
        self.beat().waits_since
    }

    pub(in super::super) fn is_over(&self) -> bool {
        self.beat().is_over
    }

    /// Waits for the connection's end.
    pub(in super::super) async fn over(&self) {
        let mut end = std::pin::pin!(self.end.notified());
        // Before the look, so that no end slips between.
        end.as_mut().enable();
        if !self.is_over() {
            end.await;
        }
    }
}
