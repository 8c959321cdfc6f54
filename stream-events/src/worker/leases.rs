//! The leases of the runs at work in this process: taken, renewed, given up.

mod clock;
mod held;
mod share;

use std::sync::Arc;
use std::time::Instant;

pub(super) use held::Look;
use share::Share;

use super::few::Few;
use super::teller::Teller;
use crate::index::{Shard, Shards};
use crate::lease;
use crate::queue::{Draft, Outcome};
use crate::settings::Settings;
use crate::store::{Class, Fault, LeaseTurn, Leased};

/// What is asked of the store for leases.
pub(super) enum Ask {
    /// Of each shard that has something to say, all in one request.
    Turns(Few<Arc<LeaseTurn>>),
    Look(Look),
}

/// What came of it.
pub(super) enum Told {
    Turn(Arc<LeaseTurn>, Result<Leased, Fault>),
    /// Whether the run was declared lost.
    Look(Look, Result<bool, Fault>),
}

/// A run's lease is on its way before its first event is: so no run that has begun stands without
/// one, but where the server that has it is away. It is given up once the run's end is delivered, or never
/// will be.
pub(super) struct Leases {
    shards: Shards,
    shares: Vec<Share>,
}

impl Leases {
    pub(super) fn new(settings: &Settings, shards: Shards) -> Self {
        let share = |shard: Shard| {
            let key = lease::key(&settings.prefix, shard);
            Share::new(key, settings.lease, shard.number(), shards.count())
        };
        Self {
            shards,
            shares: shards.all().map(share).collect(),
        }
    }

    /// Whether events may be sent: not before the store has told its clocks, or that it cannot. A server that
    /// is away is heard to be, so that the others do not wait for it for long.
    pub(super) fn are_ready(&self) -> bool {
        self.shares.iter().all(Share::is_ready)
    }

    /// Events that are sent next: takes the leases of the runs that begin with them.
    pub(super) fn begin(&mut self, events: &[Draft]) {
        let opening = events.iter().filter(|draft| draft.opens());
        for run in opening.map(|draft| &draft.run).filter(|run| run.is_held()) {
            self.share(self.shards.of(&run.job)).begin(run);
        }
    }

    /// An event that has its outcome. An end that was not delivered before we leave is for others to
    /// declare.
    pub(super) fn settle(&mut self, draft: &Draft, outcome: &Outcome) {
        match outcome {
            Outcome::ShutDown { .. } | Outcome::Spooled => return,
            Outcome::Delivered(_) => draft.run.marks.deliver(draft.seq),
            Outcome::Rejected(_) | Outcome::Expired => {}
        }
        if draft.ends() && draft.run.is_held() {
            self.share(self.shards.of(&draft.run.job)).end(&draft.run);
        }
    }

    /// What is to be asked next. Of many runs that begin and end it is one request for all.
    pub(super) fn next(&mut self, with_events: bool, now: Instant) -> Option<Ask> {
        let shares = self.shares.iter_mut();
        let turns: Few<_> = shares
            .filter_map(|share| share.next(with_events, now))
            .collect();
        match turns.is_empty() {
            false => Some(Ask::Turns(turns)),
            true => self.next_look().map(Ask::Look),
        }
    }

    fn next_look(&mut self) -> Option<Look> {
        let mut shares = self.shares.iter_mut();
        shares.find_map(|share| share.held.next_look())
    }

    pub(super) fn take(&mut self, told: Told, teller: &mut Teller) {
        match told {
            Told::Turn(turn, mut leased) => {
                let lacks = leased
                    .as_mut()
                    .map(|leased| std::mem::take(&mut leased.lacks));
                for (fault, so) in lacks.unwrap_or_default() {
                    teller.lacks(fault, so);
                }
                if let Some(share) = self.shares.iter_mut().find(|share| share.key == turn.key) {
                    share.take(&turn, leased);
                }
                if turn.asks() {
                    teller.leases(self.refusal().cloned());
                }
            }
            Told::Look(look, Ok(true)) => self.resume(&look, teller),
            Told::Look(look, Ok(false)) => self.share_of(&look).held.clear(&look),
            // It is looked again when leases are next renewed.
            Told::Look(_, Err(_)) => {}
        }
    }

    /// Why leases are not kept, of some of them at least: what does not pass before what does.
    fn refusal(&self) -> Option<&Fault> {
        let refusals = self
            .shares
            .iter()
            .filter_map(|share| share.refusal.as_ref());
        refusals.max_by_key(|fault| fault.class != Class::Later)
    }

    /// Takes back what others have declared. Where the queue has no room for that just now, it is
    /// tried again when leases are next renewed.
    fn resume(&mut self, look: &Look, teller: &mut Teller) {
        let run = look.run.upgrade();
        match (&run, run.as_ref().and_then(|run| run.resume())) {
            (Some(run), Some(Ok(()))) => {
                teller.resumed(run.job.to_string());
                self.share_of(look).resumed(look);
            }
            (_, Some(Err(_))) => {}
            _ => self.share_of(look).held.clear(look),
        }
    }

    pub(super) fn connected(&mut self) {
        self.shares.iter_mut().for_each(Share::connected);
    }

    /// What was on its way is asked for anew. Nobody waits for that.
    pub(super) fn connection_lost(&mut self) {
        self.shares.iter_mut().for_each(Share::connection_lost);
    }

    /// When leases are to be renewed.
    pub(super) fn due(&self, now: Instant) -> Option<Instant> {
        self.shares.iter().filter_map(|share| share.due(now)).min()
    }

    /// How many leases were to be given up so far, and of how many of them that is done.
    pub(super) fn ends(&self) -> (u64, u64) {
        let shares = self.shares.iter();
        shares.fold((0, 0), |(to_end, done), share| {
            (to_end + share.to_end, done + share.done)
        })
    }

    /// Of how many runs the store took no lease when they began.
    pub(super) fn refused(&self) -> u64 {
        self.shares.iter().map(|share| share.without).sum()
    }

    fn share_of(&mut self, look: &Look) -> &mut Share {
        let job = || lease::parse(&look.member).map(|(_, job)| self.shards.of(&job));
        let shard = self.shards.only().or_else(job);
        let first = self.shards.first();
        self.share(shard.unwrap_or(first))
    }

    fn share(&mut self, shard: Shard) -> &mut Share {
        &mut self.shares[shard.number()]
    }
}

#[cfg(test)]
mod tests;
