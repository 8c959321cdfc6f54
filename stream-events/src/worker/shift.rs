//! The worker at work, from its first look at the queue to its last.

use std::collections::VecDeque;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use super::Worker;
use super::control::{Control, Done, Flushes};
use super::link::{Link, LinkEvent};
use super::notice::{Log, Notice};
use crate::delivery::{BatchId, Command, Delivery, Settled};
use crate::queue::{Attention, Outcome, Queue, Waiter};
use crate::stats::Report;

/// How many requests are on their way at once, and what one has at most, or little more: it has to be
/// through before its answer is late, also where the network is slow.
const REQUESTS: usize = 4;
const BATCHES: usize = 128;
const BYTES: usize = 512 * 1024;
/// While events flow the worker looks again by itself after so long, and goes to sleep when none
/// has come for so long.
const NAP: Duration = Duration::from_millis(1);
const AWAKE_FOR: Duration = Duration::from_millis(20);

/// What one worker has in its hands.
pub(super) struct Shift {
    worker: Worker,
    delivery: Delivery,
    link: Link,
    flushes: Flushes,
    /// Those who wait for one event, by when they give up; that is the same time for all, so the
    /// first is the next.
    waiters: VecDeque<(Instant, Weak<Waiter>)>,
    closing: Option<Closing>,
    last_event: Option<Instant>,
    /// Whether the log says that the store takes nothing.
    is_in_trouble: bool,
    log: Log,
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
            worker,
            flushes: Flushes::default(),
            waiters: VecDeque::new(),
            closing: None,
            last_event: None,
            is_in_trouble: false,
            log: Log::default(),
        }
    }

    pub(super) async fn run(mut self) {
        while !self.is_over() {
            self.send();
            let (next_tick, has_room) = (self.next_tick(), self.link.has_room());
            tokio::select! {
                biased;
                control = self.worker.control.recv() => self.obey(control),
                event = self.link.event() => self.take_answers(event),
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
            let batches = self.next_batches();
            if batches.is_empty() {
                return;
            }
            self.link.send(batches);
        }
    }

    fn next_batches(&mut self) -> Vec<(BatchId, Command)> {
        let (mut batches, mut bytes) = (Vec::new(), 0);
        while batches.len() < BATCHES && bytes < BYTES {
            if let Some((id, command)) = self.delivery.next_command() {
                bytes += command.size();
                batches.push((id, command));
            } else if let Some(taken) = self.worker.queue.take() {
                let now = Instant::now();
                self.last_event = Some(now);
                self.delivery.accept(taken, now);
            } else {
                break;
            }
        }
        batches
    }

    fn take_answers(&mut self, event: LinkEvent) {
        let now = Instant::now();
        match event {
            LinkEvent::Connected { after: Some(after) } => {
                let pending = self.worker.queue.counters.stats().pending;
                let store = self.store();
                self.log.say(Notice::Back {
                    store,
                    after,
                    pending,
                });
            }
            LinkEvent::Connected { after: None } => {}
            LinkEvent::Answers(answers) => {
                for (batch, answer) in answers {
                    self.delivery.answer(batch, answer, now);
                }
                self.tell_trouble();
            }
            LinkEvent::Lost { why, is_first } => {
                self.delivery.connection_lost();
                self.worker.queue.set_trouble(Some(&why));
                if is_first {
                    let store = self.store();
                    self.log.say(Notice::Away { store, why });
                }
            }
        }
    }

    /// Says once that the store takes nothing, and once that it does again.
    fn tell_trouble(&mut self) {
        let (store, trouble) = (self.store(), self.delivery.trouble());
        self.worker.queue.set_trouble(trouble);
        let is_in_trouble = trouble.is_some();
        match (trouble.map(str::to_owned), self.is_in_trouble) {
            (Some(why), false) => self.log.say(Notice::Cannot { store, why }),
            (None, true) => self.log.say(Notice::CanAgain { store }),
            _ => {}
        }
        self.is_in_trouble = is_in_trouble;
    }

    fn store(&self) -> String {
        self.worker.store.shown().to_owned()
    }

    /// Gives the settled lanes back, counts their events, and answers the flushes that waited for
    /// them.
    fn hand_back(&mut self) {
        for settled in self.delivery.take_settled() {
            self.settle(settled);
        }
        self.flushes.answer_passed(&self.worker.queue.counters);
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
            self.log.say(Notice::Refused {
                store: self.worker.store.shown().to_owned(),
                event: draft.event_type.to_string(),
                job: draft.run.job.to_string(),
                why: why.clone(),
            });
        }
        for (draft, outcome) in settled.events {
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
            None => self.close(Instant::now(), None),
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

    fn next_tick(&self) -> Option<Instant> {
        let waiter = self.waiters.front().map(|(until, _)| *until);
        let closing = self.closing.as_ref().map(|closing| closing.until);
        [
            waiter,
            closing,
            self.delivery.next_tick(),
            self.flushes.next_late(),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    fn is_over(&self) -> bool {
        let Some(closing) = &self.closing else {
            return false;
        };
        closing.until <= Instant::now()
            || (self.delivery.open() == 0 && self.worker.queue.is_empty())
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

/// Waits until the queue may have something. The last look at it comes after the word on how to
/// wake us, so that no event slips between.
async fn rest(queue: &Queue, has_room: bool, last_event: Option<Instant>) {
    if !has_room {
        return std::future::pending().await;
    }
    let naps = last_event.is_some_and(|last| last.elapsed() < AWAKE_FOR);
    queue.attend(if naps {
        Attention::Napping
    } else {
        Attention::Asleep
    });
    if !queue.is_empty() {
        return;
    }
    if naps {
        // Either way it is looked at again.
        let _ = tokio::time::timeout(NAP, queue.wanted()).await;
    } else {
        queue.wanted().await;
    }
}

async fn sleep_until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at.into()).await,
        None => std::future::pending().await,
    }
}
