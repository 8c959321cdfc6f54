//! What the worker hears of the store.

use std::time::Instant;

use super::Shift;
use crate::worker::link::LinkEvent;

/// What comes of it where the store does not tell which data it has.
const UNTOLD: &str = "events that it acknowledges and then loses are not sent again";
/// What comes of it where it does not take what belongs together in one piece.
const SPLIT: &str = "events are written one by one";

impl Shift {
    pub(super) fn take_answers(&mut self, event: LinkEvent) {
        let now = Instant::now();
        match event {
            LinkEvent::Connected {
                after,
                epoch,
                untold,
                evicts,
                splits,
                ..
            } => {
                self.leases.connected();
                self.seal.connected(&mut self.delivery);
                self.delivery.connected(epoch, now);
                // Nothing of what was acknowledged is kept then.
                if let Some(fault) = untold.filter(|_| self.worker.settings.replay_bytes > 0) {
                    self.teller.lacks(fault, UNTOLD);
                }
                if let Some(fault) = splits {
                    self.teller.lacks(fault, SPLIT);
                }
                self.teller.evicts(evicts);
                if let Some(after) = after {
                    self.teller
                        .back(after, self.worker.queue.counters.stats().pending);
                }
            }
            LinkEvent::Answers(answers) => {
                for (batch, answer) in answers.batches {
                    self.delivery.answer(batch, answer, now);
                }
                for told in answers.leases {
                    self.leases.take(told, &mut self.teller);
                }
                if let Some((piece, answer)) = answers.index {
                    self.index.take(&piece, answer, now, &mut self.teller);
                }
                if let Some(restored) = answers.restored {
                    self.index.restored(&restored, &mut self.teller);
                    self.spooling.restored(restored, now, &mut self.teller);
                }
                self.worker.queue.set_trouble(self.delivery.trouble());
                self.teller.trouble(self.delivery.trouble());
            }
            LinkEvent::Lost {
                why,
                is_first,
                is_answer,
            } => {
                if is_answer {
                    self.delivery.nothing_broke();
                }
                self.delivery.connection_lost(now);
                self.leases.connection_lost();
                self.index.connection_lost();
                self.spooling.leftovers().connection_lost();
                self.worker.queue.set_trouble(Some(&why));
                if is_first {
                    self.teller.away(why);
                }
            }
        }
    }

    pub(super) fn take_seal(&mut self, event: LinkEvent) {
        if let Some(why) = self.seal.take(event, &mut self.delivery) {
            self.teller.not_durable(why);
        }
    }
}
