//! What becomes of a batch's events.

use std::sync::Arc;
use std::time::Instant;

use super::{Batch, State};
use crate::EventId;
use crate::delivery::Settled;
use crate::queue::{Draft, Outcome};
use crate::store::{Append, NewEntry};

impl Batch {
    /// What has its outcome since this was last asked.
    pub(in crate::delivery) fn settled(&mut self) -> Settled {
        let lane = (Arc::clone(&self.lane), self.position);
        Settled {
            events: std::mem::take(&mut self.done),
            lane: self.open.is_empty().then_some(lane),
        }
    }

    /// What was acknowledged since this was last asked, as it stands on the stream.
    pub(in crate::delivery) fn take_taken(&mut self) -> Option<Append> {
        let entries = std::mem::take(&mut self.taken);
        (!entries.is_empty()).then(|| Append {
            key: Arc::clone(self.key()),
            entries,
            ..*self.append
        })
    }

    pub(in crate::delivery) fn abandon(mut self) -> Settled {
        let may_arrive = self.is_sent || self.may_be_there || self.state == State::ToLook;
        self.resolve(|_, _| Some(Outcome::ShutDown { may_arrive }));
        self.settled()
    }

    pub(super) fn reject_all(&mut self, why: &str) {
        self.resolve(|_, _| Some(Outcome::Rejected(why.to_owned())));
    }

    pub(super) fn reject_first(&mut self, why: &str) {
        let mut why = Some(why.to_owned());
        self.resolve(|_, _| why.take().map(Outcome::Rejected));
        self.suspicion = None;
        self.breaks = 0;
    }

    /// Drops what is past its time, where it is known not to be on the stream.
    pub(super) fn expire(&mut self, now: Instant) {
        if !self.may_be_there {
            self.resolve(|draft, _| draft.is_late(now).then_some(Outcome::Expired));
        }
    }

    /// Moves all events out, delivered under the ids that they have: nothing is copied.
    pub(super) fn deliver_all(&mut self) {
        let entries = std::mem::take(&mut Arc::make_mut(&mut self.append).entries);
        let ids = entries.iter().filter_map(|entry| entry.id);
        self.done.deliver(std::mem::take(&mut self.open), ids);
        self.taken.extend(entries);
    }

    /// Moves the events out for which `outcome` knows one.
    pub(super) fn resolve(
        &mut self,
        mut outcome: impl FnMut(&Draft, Option<EventId>) -> Option<Outcome>,
    ) {
        self.done.reserve(self.open.len());
        self.taken.reserve(self.open.len());
        let append = Arc::make_mut(&mut self.append);
        let mut entries = std::mem::take(&mut append.entries).into_iter();
        for draft in std::mem::take(&mut self.open) {
            let Some(entry) = entries.next() else { break };
            match outcome(&draft, entry.id) {
                Some(outcome) => {
                    if let Outcome::Delivered(id) = outcome {
                        let id = Some(id);
                        self.taken.push(NewEntry { id, ..entry });
                    }
                    self.done.push(draft, outcome);
                }
                None => {
                    self.open.push(draft);
                    append.entries.push(entry);
                }
            }
        }
    }
}
