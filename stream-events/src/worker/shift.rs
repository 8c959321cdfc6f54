//! The worker at work, from its first look at the queue to its last.

mod clock;
mod closing;
mod heard;

use std::collections::VecDeque;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use super::Worker;
use super::control::{Control, Flushes, Tidied};
use super::index::Index;
use super::leases::Leases;
use super::link::Link;
use super::request::{REQUESTS, Request};
use super::rest::{Flow, Meanwhile, rest, sleep_until};
use super::seal::{OTHER_DATA, Seal};
use super::spooling::Spooling;
use super::teller::Teller;
use crate::delivery::{Delivery, Settled};
use crate::queue::{Attention, Outcome, Waiter};
use closing::Closing;

/// After the last handle is gone, the last leases are given up, for so long at most.
const TIDYING: Duration = Duration::from_secs(1);

/// What one worker has in its hands.
pub(super) struct Shift {
    worker: Worker,
    delivery: Delivery,
    link: Link,
    seal: Seal,
    leases: Leases,
    index: Index,
    spooling: Spooling,
    flushes: Flushes,
    /// Those who wait for one event, by when they give up; that is the same time for all, so the
    /// first is the next.
    waiters: VecDeque<(Instant, Weak<Waiter>)>,
    /// Whether the last handle is gone, and nobody asks for anything any more.
    is_alone: bool,
    closing: Option<Closing>,
    flow: Flow,
    /// When events whose time is up were last looked for.
    expired_at: Option<Instant>,
    teller: Teller,
}

impl Shift {
    pub(super) fn new(worker: Worker) -> Self {
        Self {
            delivery: Delivery::new(Arc::clone(&worker.settings)),
            link: Link::new(Arc::clone(&worker.store), REQUESTS),
            seal: Seal::new(&worker.store, &worker.settings),
            expired_at: None,
            teller: Teller::new(worker.store.shown()),
            leases: Leases::new(&worker.settings, worker.store.shards()),
            index: Index::new(&worker.settings, worker.store.shards()),
            spooling: Spooling::new(&worker.settings, &*worker.store),
            worker,
            flushes: Flushes::default(),
            waiters: VecDeque::new(),
            is_alone: false,
            closing: None,
            flow: Flow::default(),
        }
    }

    pub(super) async fn run(mut self) {
        while !self.is_over() {
            self.spool();
            self.send();
            // What is not taken from the queue is no reason to look there again.
            let takes = self.leases.are_ready() && !self.delivery.holds();
            let has_room = self.link.has_room() && takes;
            let meanwhile = match self.link.is_idle() {
                true => Meanwhile::Nothing,
                false => Meanwhile::Answers,
            };
            let next_tick = self.next_tick();
            tokio::select! {
                biased;
                control = self.worker.control.recv(), if !self.is_alone => self.obey(control),
                event = self.link.event() => self.take_answers(event),
                event = self.seal.event() => self.take_seal(event),
                told = self.spooling.told() => self.spooling.take(told, &mut self.teller),
                () = self.worker.queue.freshened(), if self.spooling.is_on() => {}
                () = rest(&self.worker.queue, has_room, self.flow.nap(), meanwhile) => {}
                () = sleep_until(next_tick) => {}
            }
            self.worker.queue.attend(Attention::Awake);
            self.tick(Instant::now());
            self.hand_back();
        }
        self.leave().await;
    }

    /// Has on disk what a store that is away cannot take.
    fn spool(&mut self) {
        let is_away = self.link.is_lost()
            || self.delivery.trouble().is_some()
            || self.away_at().is_some_and(|at| at <= Instant::now());
        self.spooling
            .look(is_away, &self.worker.queue, &mut self.delivery);
    }

    /// Fills the connection with requests.
    fn send(&mut self) {
        while self.link.has_room() {
            let request = if self.leases.are_ready() {
                Request::fill(
                    &mut self.delivery,
                    &self.worker.queue,
                    &mut self.leases,
                    &mut self.spooling,
                )
            } else {
                Request::default()
            };
            if request.flow.events > 0 {
                self.flow = request.flow;
            }
            let with_events = !request.commands.is_empty();
            let now = Instant::now();
            let ask = self.leases.next(with_events, now);
            // What is alone on its way is to be seen to be what breaks a connection.
            let index = match self.delivery.holds() {
                true => None,
                false => self.index.next(now),
            };
            if request.commands.is_empty() && ask.is_none() && index.is_none() {
                break;
            }
            self.link.send(ask, request.commands, index);
        }
        self.restore();
        if self.seal.send(&mut self.delivery) && self.link.is_up() {
            let lost = self.link.renew(OTHER_DATA);
            self.take_answers(lost);
        }
    }

    /// What is emitted here comes before what others have left.
    fn restore(&mut self) {
        while self.link.has_room()
            && let Some(leftover) = self.spooling.leftovers().next(Instant::now())
        {
            let settings = Arc::clone(&self.worker.settings);
            self.link.restore(leftover, settings);
        }
    }

    /// Gives the settled lanes back, counts their events, and answers the flushes that waited for
    /// them.
    fn hand_back(&mut self) {
        self.index.add(self.delivery.take_fresh());
        for settled in self.delivery.take_settled() {
            self.settle(settled);
        }
        self.count();
        // What the store lost was delivered, and is not any more.
        if !self.delivery.is_replaying() {
            let has_restored = self.spooling.has_restored() || self.is_in_vain();
            let counters = &self.worker.queue.counters;
            self.flushes
                .answer_passed(self.tidied(), has_restored, counters);
        }
    }

    /// What there was to do behind the events, and what of it is done.
    fn tidied(&self) -> [Tidied; 2] {
        let (leases, index) = (self.leases.ends(), self.index.tells());
        [Tidied([leases.0, index.0]), Tidied([leases.1, index.1])]
    }

    /// Counts what delivery alone knows of.
    fn count(&mut self) {
        let counts = self.delivery.counts();
        let counters = &self.worker.queue.counters;
        counters.set_unconfirmed(counts.unconfirmed);
        counters.set_replayed(counts.replayed);
        counters.set_index(self.index.lacking(), self.leases.refused());
        self.spooling.count(counters);
        if !self.delivery.is_replaying() {
            self.teller.replayed(counts.replayed);
            self.teller.unplaced(counts.unplaced);
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
        for (draft, outcome) in settled.events.iter() {
            self.leases.settle(draft, outcome);
            if !matches!(outcome, Outcome::Spooled) {
                self.spooling.settle(draft);
            }
        }
        self.worker.queue.settle(settled.events);
        if let Some((lane, position)) = settled.lane {
            self.worker.queue.release(lane, position);
        }
    }

    fn obey(&mut self, control: Option<Control>) {
        match control {
            Some(Control::Flush {
                marks,
                is_last,
                until,
                done,
            }) => self.flushes.add(marks, is_last, until, done),
            Some(Control::Await { waiter, until }) => self.waiters.push_back((until, waiter)),
            Some(Control::Say(notice)) => self.teller.say(notice),
            Some(Control::Pass(ticket)) => self.teller.pass(ticket),
            Some(Control::Shutdown { until, done }) => self.close(until, Some(done)),
            // The last handle is gone, and an event that waits is one: there is nothing left to do.
            None => {
                self.is_alone = true;
                self.close(Instant::now() + TIDYING, None);
            }
        }
    }
}
