//! The end of the queue: first no run begins, then nothing comes in, then nobody takes what is there.

use std::time::Instant;

use crate::sync::atomic::Ordering::SeqCst;

use super::{Draft, Outcome, Queue, Taken};

impl Queue {
    /// From now on no run begins.
    pub(crate) fn refuse_starts(&self) {
        self.refuses_starts.store(true, SeqCst);
    }

    pub(crate) fn refuses_starts(&self) -> bool {
        self.refuses_starts.load(SeqCst)
    }

    /// From now on nothing is taken in but the ends of runs that have begun.
    pub(crate) fn close(&self) {
        self.closed.store(true, SeqCst);
    }

    /// Gives up on all that waits: nobody will take it, or only another process what it has on disk.
    pub(crate) fn abandon(&self, is_spooled: impl Fn(&Draft) -> bool) {
        self.abandoned.store(true, SeqCst);
        while let Some(Taken {
            lane,
            position,
            events,
        }) = self.take(Instant::now())
        {
            let outcome = |draft: Draft| match is_spooled(&draft) {
                true => (draft, Outcome::Spooled),
                false => (draft, Outcome::ShutDown { may_arrive: false }),
            };
            self.settle(events.into_iter().map(outcome).collect());
            self.release(lane, position);
        }
    }
}
