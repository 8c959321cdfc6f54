//! Ends of runs that are to be durable before they count as delivered.

use std::collections::VecDeque;
use std::time::Instant;

use super::{BatchId, Command, Delivery, Epoch, rest};
use crate::store::{Class, Fault};

impl Delivery {
    /// The ends that are to be made durable. Not on a connection to another epoch than that which has them, nor
    /// before their stream is where it was.
    pub(crate) fn confirms(&mut self, epoch: Option<&Epoch>) -> Vec<(BatchId, Command)> {
        if !self.is_of(epoch) {
            return Vec::new();
        }
        let (mut ready, mut waiting) = (Vec::new(), VecDeque::new());
        for id in std::mem::take(&mut self.unconfirmed) {
            match self.batches.get_mut(&id) {
                Some(batch) if self.replay.has_key(batch.key()) => waiting.push_back(id),
                Some(batch) => ready.push((id, batch.send())),
                None => {}
            }
        }
        self.unconfirmed = waiting;
        ready
    }

    /// Whether ends wait that are not to be made durable on a connection to this epoch.
    pub(crate) fn is_kept_from_confirming(&self, epoch: Option<&Epoch>) -> bool {
        !self.unconfirmed.is_empty() && !self.is_of(epoch)
    }

    /// Whether this is the epoch that has what was acknowledged, or is about to.
    fn is_of(&self, epoch: Option<&Epoch>) -> bool {
        self.next_epoch.as_ref().or(self.epoch.as_ref()) == epoch
    }

    /// Whether they are durable now; where the store cannot make them so, they count all the same.
    pub(super) fn confirmed(&mut self, id: BatchId, answer: Result<bool, Fault>, now: Instant) {
        let Some(batch) = self.batches.get_mut(&id) else {
            return;
        };
        match answer {
            Ok(true) => batch.confirm(),
            Ok(false) => {}
            Err(fault) if fault.class == Class::Never => {
                self.counts.unconfirmed += 1;
                batch.confirm();
            }
            Err(fault) => {
                self.resting.push((now + rest(0, fault.class), id));
                self.trouble.begin(id, fault.why);
                return;
            }
        }
        self.go_on(id, now);
    }

    /// The connection by which they are made durable is gone: they are asked for again.
    pub(crate) fn confirm_lost(&mut self) {
        let ids = self.batches.iter();
        let lost = ids
            .filter(|(_, batch)| batch.is_to_confirm())
            .map(|(id, _)| *id)
            .filter(|id| !self.resting.iter().any(|(_, resting)| resting == id));
        self.unconfirmed = lost.collect();
    }
}
