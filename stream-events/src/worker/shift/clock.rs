//! What the worker does when its time has come.

use std::time::{Duration, Instant};

use super::Shift;
use crate::worker::spooling::AWAY_AFTER;

/// How often events whose time is up are looked for.
const EXPIRE_EVERY: Duration = Duration::from_millis(100);

impl Shift {
    pub(super) fn tick(&mut self, now: Instant) {
        self.delivery.tick(now);
        self.expire(now);
        self.flushes.answer_late(now, &self.worker.queue.counters);
        while let Some((until, waiter)) = self.waiters.front() {
            match waiter.upgrade() {
                Some(_) if *until > now => break,
                Some(waiter) => waiter.give_up(),
                None => {}
            }
            self.waiters.pop_front();
        }
    }

    /// Events have a time by which they have to be delivered where that was asked for: also those that
    /// nothing takes from the queue.
    fn expire(&mut self, now: Instant) {
        let is_due = |at: Instant| now.duration_since(at) >= EXPIRE_EVERY;
        if self.worker.settings.delivery_timeout.is_some() && self.expired_at.is_none_or(is_due) {
            self.expired_at = Some(now);
            self.worker.queue.expire(now);
        }
    }

    fn next_expiry(&self) -> Option<Instant> {
        let is_due =
            self.worker.settings.delivery_timeout.is_some() && !self.worker.queue.is_empty();
        self.expired_at
            .filter(|_| is_due)?
            .checked_add(EXPIRE_EVERY)
    }

    pub(super) fn next_tick(&self) -> Option<Instant> {
        let waiter = self.waiters.front().map(|(until, _)| *until);
        let closing = self.closing.as_ref().map(|closing| closing.until);
        // Without room for them there is an answer to come first.
        let leases = self.leases.due(Instant::now());
        let leases = leases.filter(|_| self.link.has_room());
        let leftovers = self.spooling.leftovers_due();
        let leftovers = leftovers.filter(|_| self.link.has_room());
        let index = self.index.due();
        let index = index.filter(|_| self.link.has_room() && !self.delivery.holds());
        let away = self.away_at();
        let away = away.filter(|_| self.spooling.is_wanted() && !self.spooling.is_on());
        [
            leftovers,
            away,
            waiter,
            closing,
            leases,
            index,
            self.delivery.next_tick(),
            self.flushes.next_late(),
            self.next_expiry(),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// When a store that does not answer counts as away.
    pub(super) fn away_at(&self) -> Option<Instant> {
        self.link.waits_since()?.checked_add(AWAY_AFTER)
    }
}
