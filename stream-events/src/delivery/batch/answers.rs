//! What the store's answers, and their absence, mean for a batch.

use std::sync::Arc;
use std::time::Instant;

use super::sight::{PASSED, Sight};
use super::{Batch, State};
use crate::EventId;
use crate::delivery::entries;
use crate::event::Entry;
use crate::job::Run;
use crate::queue::Outcome;
use crate::store::{Appended, Class, Fault, NewEntry, StreamInfo};

impl Batch {
    /// Each entry that was taken is delivered; of the others the first refusal decides what comes
    /// next. `taken` is what the store has taken of all batches.
    pub(in crate::delivery) fn appended(&mut self, results: Appended, taken: u64) {
        if let Some(fault) = away(&results) {
            return self.away(fault, taken);
        }
        self.is_sent = false;
        self.breaks = 0;
        let (mut refusal, mut is_rejected) = (None, false);
        // A store that refuses for good may have what a lost connection had.
        let is_final = !self.may_be_there;
        if let Some(last) = results.iter().flatten().max() {
            self.position.pass(*last);
        }
        if self.is_all_there(&results) {
            self.deliver_all();
        }
        // Of what is left.
        let mut results = results.into_iter();
        self.resolve(|_, _| match results.next() {
            Some(Ok(id)) => Some(Outcome::Delivered(id)),
            Some(Err(fault)) if fault.class == Class::Never && is_final => {
                is_rejected = true;
                Some(Outcome::Rejected(fault.why))
            }
            Some(Err(fault)) => {
                refusal.get_or_insert(fault);
                None
            }
            None => None,
        });
        self.reject_passed();
        if is_rejected {
            self.forget_expiry();
        }
        self.state = match refusal {
            None => State::ToAppend,
            Some(fault) if matches!(fault.class, Class::Conflict | Class::Never) => State::ToLook,
            Some(fault) => State::Refused(fault),
        };
        if let (State::ToAppend, Some(suspicion)) = (&self.state, &mut self.suspicion) {
            suspicion.passed();
        }
    }

    /// The part of the store that has the stream is away: it may have the batch, as after a lost
    /// connection, and can take nothing now.
    fn away(&mut self, fault: Fault, taken: u64) {
        if !self.broke(taken) {
            self.state = State::Refused(fault);
        }
    }

    /// Whether each event was sent, and taken under its id.
    fn is_all_there(&self, results: &Appended) -> bool {
        let entries = &self.append.entries;
        let is_there = |(entry, result): (&NewEntry, &Result<EventId, Fault>)| {
            result.as_ref().is_ok_and(|id| entry.id == Some(*id))
        };
        results.len() == entries.len() && entries.iter().zip(results).all(is_there)
    }

    /// What stands under our ids and is ours has arrived before. What is not there has to go above
    /// the stream's last id.
    pub(in crate::delivery) fn seen(
        &mut self,
        entries: Vec<Entry>,
        info: Option<Box<StreamInfo>>,
        now: Instant,
    ) {
        self.is_sent = false;
        let first = self.open.first().map(|draft| draft.seq);
        let sight = Sight::new(entries, info);
        // Only what a lost connection had can have been taken, and trimmed since.
        let max_len = self.may_be_there.then_some(self.append.max_len);
        self.resolve(|draft, id| sight.outcome(draft, id, max_len));
        self.may_be_there = false;
        if let Some(suspicion) = &mut self.suspicion {
            suspicion.wants_probe = false;
        }
        if let Some(why) = self.condemned.take()
            && self.open.first().map(|draft| draft.seq) == first
        {
            self.reject_first(&why);
        }
        let last = sight.last_id();
        // A stream that was deleted since takes them under the ids that they have.
        let next = self.append.entries.first().and_then(|entry| entry.id);
        if self.state == State::ToLook && next <= Some(last) && !self.open.is_empty() {
            self.position.rebase(last, now, self.has_conflicted);
            self.has_conflicted = true;
            let append = Arc::make_mut(&mut self.append);
            entries::number(append, &self.open, &mut self.position);
            self.last_id = append.entries.last().and_then(|entry| entry.id);
        }
        self.state = State::ToAppend;
    }

    /// Where the store chooses the ids, it takes what it refused before behind what came after it.
    fn reject_passed(&mut self) {
        if self.last_id.is_some() || self.open.is_empty() {
            return;
        }
        let taken = self
            .done
            .iter()
            .filter_map(|(draft, outcome)| match outcome {
                Outcome::Delivered(_) => Some((Arc::clone(&draft.run), draft.seq)),
                _ => None,
            });
        let taken: Vec<_> = taken.collect();
        self.resolve(|draft, _| {
            let is_later =
                |(run, seq): &(Arc<Run>, u64)| Arc::ptr_eq(run, &draft.run) && *seq > draft.seq;
            let is_passed = taken.iter().any(is_later);
            is_passed.then(|| Outcome::Rejected(PASSED.to_owned()))
        });
    }

    /// Nor was the time taken, where the stream comes to be later.
    fn forget_expiry(&mut self) {
        self.position.set_expiry(None);
    }

    pub(in crate::delivery) fn refused(&mut self, fault: Fault) {
        self.is_sent = false;
        match fault.class {
            Class::Never => {
                self.forget_expiry();
                self.reject_all(&fault.why);
            }
            _ => self.state = State::Refused(fault),
        }
    }

    /// It is durable, or as durable as it will be.
    pub(in crate::delivery) fn confirm(&mut self) {
        self.state = State::Confirmed;
    }
}

/// Where it is said of any: what is not known of one is known of none that comes with it.
fn away(results: &Appended) -> Option<Fault> {
    let mut faults = results.iter().filter_map(|result| result.as_ref().err());
    faults.find(|fault| fault.class == Class::Away).cloned()
}
