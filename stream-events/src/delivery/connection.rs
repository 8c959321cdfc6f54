//! The connection lost, and another one: what is sent again, and what of what was there before.

use std::time::Instant;

use super::replay::Next;
use super::{Answer, Batch, BatchId, Delivery, Epoch, fresh, next_id, rest};

impl Delivery {
    /// There is a connection again. Where the store is of another epoch, what is kept is sent first:
    /// it takes what it has lost, and refuses the ids that it has.
    pub(crate) fn connected(&mut self, epoch: Option<Epoch>, now: Instant) {
        if epoch.is_none() || epoch == self.epoch {
            self.replay.clear();
            self.forget();
            (self.epoch, self.next_epoch) = (epoch, None);
            return;
        }
        let mut lines = if epoch == self.next_epoch && !self.replay.is_empty() {
            self.replay.go_on()
        } else {
            self.replay.clear();
            self.replay
                .fill(self.kept.parts(now), || next_id(&mut self.next))
        };
        self.forget();
        if lines.is_empty() {
            self.next_epoch = None;
            self.epoch = epoch;
            return;
        }
        lines.sort_by_key(|line| self.replay.is_suspect(*line));
        // It is of neither until that is through.
        self.epoch = None;
        self.next_epoch = epoch;
        for line in lines.into_iter().rev() {
            self.unsent.push_front(line);
        }
    }

    /// Of what is here no more there is nothing to say.
    fn forget(&mut self) {
        let (batches, replay) = (&self.batches, &self.replay);
        self.trouble
            .keep(|id| batches.contains_key(&id) || replay.has(id));
    }

    /// The connection is gone: what was sent and not answered is sent again, under the ids that it
    /// has. What was found out about single batches is still so, and they rest on.
    pub(crate) fn connection_lost(&mut self, now: Instant) {
        (self.in_flight, self.alone) = (0, None);
        self.replay.break_off();
        self.unsent.clear();
        let batches = &mut self.batches;
        self.resting.retain(|(_, id)| {
            let batch = batches.get(id);
            batch.is_some_and(|batch| batch.is_suspect() || batch.is_to_confirm())
        });
        let mut ids: Vec<_> = batches.keys().copied().collect();
        ids.sort_unstable_by_key(|id| id.0);
        for id in ids {
            let Some(batch) = self.batches.get_mut(&id) else {
                continue;
            };
            if batch.is_to_confirm() || self.resting.iter().any(|(_, resting)| *resting == id) {
                continue;
            }
            if batch.broke(self.counts.taken) {
                self.go_on(id, now);
            } else {
                self.unsent.push_back(id);
            }
        }
    }

    /// The store has said that it is not the one to be asked, as one does that is a replica by now: of what was on
    /// its way nothing is suspected, however often that is said.
    pub(crate) fn nothing_broke(&mut self) {
        self.batches.values_mut().for_each(Batch::did_not_break);
        self.replay.did_not_break();
    }

    pub(super) fn answer_replay(&mut self, id: BatchId, answer: Answer, now: Instant) {
        let others = self.counts.taken + self.counts.replayed;
        let next = match answer {
            Answer::Appended(results) => {
                if let Some(sent) = self.replay.sent(id) {
                    fresh::note_taken(&mut self.fresh, &sent.entries, &results);
                }
                self.replay.appended(id, &results, others)
            }
            Answer::Refused(fault) => self.replay.refused(id, fault).map(|next| (0, next)),
            Answer::Seen { entries, info } => {
                self.replay.seen(id, entries, info).map(|next| (0, next))
            }
            Answer::Confirmed(_) => None,
        };
        let Some((taken, next)) = next else { return };
        self.counts.replayed += taken;
        self.counts.unplaced += self.replay.take_unplaced();
        // Unless it says otherwise just now.
        self.trouble.end(id);
        match next {
            Next::Send => self.unsent.push_front(id),
            Next::Rest(times, fault) => {
                self.resting.push((now + rest(times, fault.class), id));
                self.trouble.begin(id, fault.why);
            }
            Next::Done(waiting) => self.unsent.extend(waiting),
        }
        if self.replay.is_empty() {
            self.epoch = self.next_epoch.take();
        }
    }
}
