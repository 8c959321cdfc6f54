//! The end of the worker: asked for, waited for, and what it leaves.

use std::time::{Duration, Instant};

use tokio::sync::oneshot;
use tokio::time::timeout_at;

use super::Shift;
use crate::queue::Outcome;
use crate::stats::Report;
use crate::timer;
use crate::worker::control::Done;
use crate::worker::log::Ticket;

/// How long a log may take for what is to be said at the end.
const HEARD_WITHIN: Duration = Duration::from_secs(1);

pub(super) struct Closing {
    pub(super) until: Instant,
    done: Vec<Done>,
}

impl Shift {
    pub(super) fn close(&mut self, until: Instant, done: Option<Done>) {
        self.worker.queue.close();
        let closing = self.closing.get_or_insert(Closing {
            until,
            done: Vec::new(),
        });
        closing.until = closing.until.min(until);
        closing.done.extend(done);
    }

    pub(super) fn is_over(&self) -> bool {
        let Some(closing) = &self.closing else {
            return false;
        };
        let [to_do, done] = self.tidied();
        // In this order: an end that is to come no more has come before.
        let is_idle = !self.worker.queue.awaits_ends()
            && self.delivery.open() == 0
            && self.worker.queue.is_empty();
        let is_tidy = done.has(to_do) && self.spooling.has_restored();
        closing.until <= Instant::now() || (is_idle && (is_tidy || self.is_in_vain()))
    }

    /// Whether no connection is worth waiting for where no event waits. What others have left is worth
    /// the first.
    pub(super) fn is_in_vain(&self) -> bool {
        self.link.is_lost() || !(self.link.is_up() || self.spooling.is_wanted())
    }

    /// What is still open is dropped, and counted so, but for what stands on the disk.
    pub(super) async fn leave(mut self) {
        let Self {
            spooling,
            worker,
            delivery,
            teller,
            ..
        } = &mut self;
        spooling.seal(&worker.queue, delivery, teller).await;
        for mut settled in self.delivery.abandon() {
            for (draft, outcome) in settled.events.iter_mut() {
                if self.spooling.has(draft) && matches!(outcome, Outcome::ShutDown { .. }) {
                    *outcome = Outcome::Spooled;
                }
            }
            self.settle(settled);
        }
        self.worker.queue.abandon(|draft| self.spooling.has(draft));
        self.index.close();
        self.count();
        self.be_heard().await;
        let report = Report::last(self.worker.queue.counters.stats());
        self.spooling.close().await;
        self.flushes.answer_all(report);
        for done in self.closing.into_iter().flat_map(|closing| closing.done) {
            done(report);
        }
    }

    /// Has the log say what is to be said, also of what is looked at just now, before whoever waits for the
    /// end is told of it.
    async fn be_heard(&mut self) {
        let until = self
            .closing
            .as_ref()
            .filter(|closing| !closing.done.is_empty());
        let until = until.map(|closing| closing.until.min(Instant::now() + HEARD_WITHIN));
        if let Some(until) = until {
            passed(until, timer::pass).await;
        }
        self.obey_last();
        if let Some(until) = until {
            passed(until, |ticket| self.teller.pass(ticket)).await;
        }
    }

    /// Before anybody is told of the end: what is asked for from then on finds nobody, and knows it.
    fn obey_last(&mut self) {
        self.worker.control.close();
        while let Ok(control) = self.worker.control.try_recv() {
            self.obey(Some(control));
        }
    }
}

/// Waits until this ticket's turn has come, for so long at most.
async fn passed(until: Instant, pass: impl FnOnce(Ticket)) {
    let (ticket, passed) = oneshot::channel::<()>();
    pass(Ticket::new(ticket));
    let _ = timeout_at(until.into(), passed).await;
}
