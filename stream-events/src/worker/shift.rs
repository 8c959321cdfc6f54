//! The worker at work, from its first look at the queue to its last.

use std::collections::VecDeque;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use super::Worker;
use super::control::{Control, Done, Flushes};
use super::leases::Leases;
use super::link::{Link, LinkEvent};
use super::request::{REQUESTS, Request};
use super::rest::{rest, sleep_until};
use super::seal::Seal;
use super::teller::Teller;
use crate::delivery::{Delivery, Settled};
use crate::queue::{Attention, Outcome, Waiter};
use crate::stats::Report;

/// How often events whose time is up are looked for.
const EXPIRE_EVERY: Duration = Duration::from_millis(100);
/// After the last handle is gone, the last leases are given up, for so long at most.
const TIDYING: Duration = Duration::from_secs(1);

/// What one worker has in its hands.
pub(super) struct Shift {
    worker: Worker,
    delivery: Delivery,
    link: Link,
    seal: Seal,
    leases: Leases,
    flushes: Flushes,
    /// Those who wait for one event, by when they give up; that is the same time for all, so the
    /// first is the next.
    waiters: VecDeque<(Instant, Weak<Waiter>)>,
    closing: Option<Closing>,
    last_event: Option<Instant>,
    /// When events whose time is up were last looked for.
    expired_at: Option<Instant>,
    teller: Teller,
}

struct Closing {
    until: Instant,
    done: Vec<Done>,
}

impl Shift {
    pub(super) fn new(worker: Worker) -> Self {
        Self {
            delivery: Delivery::new(Arc::clone(&worker.settings)),
            link: Link::new(Arc::clone(&worker.store), REQUESTS),
            seal: Seal::new(&worker.store, &worker.settings),
            expired_at: None,
            teller: Teller::new(worker.store.shown()),
            leases: Leases::new(&worker.settings),
            worker,
            flushes: Flushes::default(),
            waiters: VecDeque::new(),
            closing: None,
            last_event: None,
        }
    }

    pub(super) async fn run(mut self) {
        while !self.is_over() {
            self.send();
            let has_room = self.link.has_room() && self.leases.are_ready();
            let next_tick = self.next_tick();
            tokio::select! {
                biased;
                control = self.worker.control.recv() => self.obey(control),
                event = self.link.event() => self.take_answers(event),
                event = self.seal.event() => self.take_seal(event),
                () = rest(&self.worker.queue, has_room, self.last_event) => {}
                () = sleep_until(next_tick) => {}
            }
            self.worker.queue.attend(Attention::Awake);
            self.tick(Instant::now());
            self.hand_back();
        }
        self.leave();
    }

    /// Fills the connection with requests.
    fn send(&mut self) {
        while self.link.has_room() {
            let request = if self.leases.are_ready() {
                Request::fill(&mut self.delivery, &self.worker.queue, &mut self.leases)
            } else {
                Request::default()
            };
            self.last_event = request.last_event.or(self.last_event);
            let ask = self.leases.next(Instant::now());
            if request.commands.is_empty() && ask.is_none() {
                break;
            }
            self.link.send(ask, request.commands);
        }
        self.seal.send(&mut self.delivery);
    }

    fn take_answers(&mut self, event: LinkEvent) {
        let now = Instant::now();
        if let LinkEvent::Connected { .. } = event {
            self.leases.connected();
        }
        match event {
            LinkEvent::Connected { after, epoch, .. } => {
                self.delivery.connected(epoch, now);
                if let Some(after) = after {
                    self.teller
                        .back(after, self.worker.queue.counters.stats().pending);
                }
            }
            LinkEvent::Answers(answers) => {
                for (batch, answer) in answers.batches {
                    self.delivery.answer(batch, answer, now);
                }
                if let Some(told) = answers.leases {
                    self.leases.take(told, &mut self.teller);
                }
                self.worker.queue.set_trouble(self.delivery.trouble());
                self.teller.trouble(self.delivery.trouble());
            }
            LinkEvent::Lost { why, is_first } => {
                self.delivery.connection_lost(now);
                self.leases.connection_lost();
                self.worker.queue.set_trouble(Some(&why));
                if is_first {
                    self.teller.away(why);
                }
            }
        }
    }

    fn take_seal(&mut self, event: LinkEvent) {
        if let Some(why) = self.seal.take(event, &mut self.delivery) {
            self.teller.not_durable(why);
        }
    }

    /// Gives the settled lanes back, counts their events, and answers the flushes that waited for
    /// them.
    fn hand_back(&mut self) {
        for settled in self.delivery.take_settled() {
            self.settle(settled);
        }
        self.count();
        // What the store lost was delivered, and is not any more.
        if !self.delivery.is_replaying() {
            let counters = &self.worker.queue.counters;
            self.flushes.answer_passed(self.leases.ends(), counters);
        }
    }

    /// Counts what delivery alone knows of.
    fn count(&mut self) {
        let counts = self.delivery.counts();
        let counters = &self.worker.queue.counters;
        counters.set_unconfirmed(counts.unconfirmed);
        counters.set_replayed(counts.replayed);
        if !self.delivery.is_replaying() {
            self.teller.replayed(counts.replayed);
        }
    }

    fn settle(&mut self, settled: Settled) {
        let refused = settled
            .events
            .iter()
            .find_map(|(draft, outcome)| match outcome {
                Outcome::Rejected(why) => Some((draft, why)),
                _ => None,
            });
        // Once for a batch: where one event of a stream is refused, most are.
        if let Some((draft, why)) = refused {
            self.teller.refused(draft, why);
        }
        for (draft, outcome) in settled.events {
            self.leases.settle(&draft, &outcome);
            self.worker.queue.settle(draft, outcome);
        }
        if let Some((lane, position)) = settled.lane {
            self.worker.queue.release(lane, position);
        }
    }

    fn obey(&mut self, control: Option<Control>) {
        match control {
            Some(Control::Flush { marks, until, done }) => self.flushes.add(marks, until, done),
            Some(Control::Await { waiter, until }) => self.waiters.push_back((until, waiter)),
            Some(Control::Shutdown { until, done }) => self.close(until, Some(done)),
            // The last handle is gone, and an event that waits is one: there is nothing left to do.
            None => self.close(Instant::now() + TIDYING, None),
        }
    }

    fn close(&mut self, until: Instant, done: Option<Done>) {
        self.worker.queue.close();
        let closing = self.closing.get_or_insert(Closing {
            until,
            done: Vec::new(),
        });
        closing.until = closing.until.min(until);
        closing.done.extend(done);
    }

    fn tick(&mut self, now: Instant) {
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

    fn next_tick(&self) -> Option<Instant> {
        let waiter = self.waiters.front().map(|(until, _)| *until);
        let closing = self.closing.as_ref().map(|closing| closing.until);
        // Without room for them there is an answer to come first.
        let leases = self.leases.due(Instant::now());
        let leases = leases.filter(|_| self.link.has_room());
        [
            waiter,
            closing,
            leases,
            self.delivery.next_tick(),
            self.flushes.next_late(),
            self.next_expiry(),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    fn is_over(&self) -> bool {
        let Some(closing) = &self.closing else {
            return false;
        };
        let (to_end, done) = self.leases.ends();
        let is_idle = self.delivery.open() == 0 && self.worker.queue.is_empty();
        closing.until <= Instant::now() || (is_idle && (to_end <= done || !self.link.is_up()))
    }

    /// What is still open is dropped, and counted so.
    fn leave(mut self) {
        for settled in self.delivery.abandon() {
            self.settle(settled);
        }
        self.worker.queue.abandon();
        let stats = self.worker.queue.counters.stats();
        let report = Report {
            complete: stats.dropped.shut_down == 0,
            stats,
        };
        self.flushes.answer_all(report);
        for done in self.closing.into_iter().flat_map(|closing| closing.done) {
            done(report);
        }
    }
}
