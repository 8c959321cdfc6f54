//! The publisher's own thread: takes from the queue, drives delivery, keeps the connection.

mod control;
mod link;
mod notice;

use std::collections::VecDeque;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use tokio::sync::mpsc::UnboundedReceiver;

use control::Flushes;
pub(crate) use control::{Control, Done};
use link::{Link, LinkEvent};

use crate::Error;
use crate::delivery::{BatchId, Command, Delivery, Settled};
use crate::publisher::Settings;
use crate::queue::{Attention, Outcome, Queue, Waiter};
use crate::stats::Report;
use crate::store::Store;

/// One worker serves one publisher. It has a thread and a runtime of its own: a job that blocks its runtime, or a runtime that ends, stops
/// no delivery.
pub(crate) struct Worker {
    pub(crate) queue: Arc<Queue>,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) settings: Arc<Settings>,
    pub(crate) control: UnboundedReceiver<Control>,
}

/// How many requests are on their way at once, and how many batches one has.
const REQUESTS: usize = 4;
const BATCHES: usize = 128;
/// While events flow the worker looks again by itself after so long, and goes to sleep when none has come for so long.
const NAP: Duration = Duration::from_millis(1);
const AWAKE_FOR: Duration = Duration::from_millis(20);

impl Worker {
    /// Starts the thread. It ends after a shutdown, or when the last handle is gone.
    pub(crate) fn spawn(self) -> Result<(), Error> {
        let failed = |why| Error::environment("the publisher's thread cannot start", why);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(failed)?;
        let thread = std::thread::Builder::new().name("stream-events".to_owned());
        let run = move || notice::unheard(|| runtime.block_on(Shift::new(self).run()));
        thread.spawn(run).map(drop).map_err(failed)
    }
}

/// The worker at work.
struct Shift {
    worker: Worker,
    delivery: Delivery,
    link: Link,
    flushes: Flushes,
    /// Those who wait for one event, by when they give up; that is the same time for all, so the first is the next.
    waiters: VecDeque<(Instant, Weak<Waiter>)>,
    closing: Option<Closing>,
    last_event: Option<Instant>,
}

struct Closing {
    until: Instant,
    done: Vec<Done>,
}

impl Shift {
    fn new(worker: Worker) -> Self {
        Self {
            delivery: Delivery::new(Arc::clone(&worker.settings)),
            link: Link::new(Arc::clone(&worker.store), REQUESTS),
            worker,
            flushes: Flushes::default(),
            waiters: VecDeque::new(),
            closing: None,
            last_event: None,
        }
    }

    async fn run(mut self) {
        while !self.is_over() {
            self.send();
            let (next_tick, has_room) = (self.next_tick(), self.link.has_room());
            tokio::select! {
                biased;
                control = self.worker.control.recv() => self.obey(control),
                event = self.link.event() => self.take_answers(event),
                () = rest(&self.worker.queue, has_room, self.last_event) => {}
                () = sleep_until(next_tick) => self.tick(Instant::now()),
            }
            self.worker.queue.attend(Attention::Awake);
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
        let mut batches = Vec::new();
        while batches.len() < BATCHES {
            if let Some(command) = self.delivery.next_command() {
                batches.push(command);
            } else if let Some(taken) = self.worker.queue.take() {
                self.last_event = Some(Instant::now());
                self.delivery.accept(taken);
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
                let (store, pending) = (
                    self.worker.store.shown(),
                    self.worker.queue.counters.stats().pending,
                );
                notice::heard(
                    || tracing::info!(target: "stream_events", "{store} is back after {after:.1?}; delivering {pending} events"),
                );
            }
            LinkEvent::Connected { after: None } => {}
            LinkEvent::Answers(answers) => {
                for (batch, answer) in answers {
                    self.delivery.answer(batch, answer, now);
                }
            }
            LinkEvent::Lost { why, is_first } => {
                self.delivery.connection_lost();
                let store = self.worker.store.shown();
                if is_first {
                    notice::heard(
                        || tracing::warn!(target: "stream_events", "{store} is away ({why}); jobs run on, their events wait"),
                    );
                }
            }
        }
    }

    /// Gives the settled lanes back, counts their events, and answers the flushes that waited for them.
    fn hand_back(&mut self) {
        for settled in self.delivery.take_settled() {
            self.settle(settled);
        }
        self.flushes.answer_passed(&self.worker.queue.counters);
    }

    fn settle(&self, settled: Settled) {
        for (draft, outcome) in settled.events {
            if let Outcome::Rejected(why) = &outcome {
                let (store, kind, job) =
                    (self.worker.store.shown(), &draft.event_type, &draft.run.job);
                notice::heard(
                    || tracing::error!(target: "stream_events", "{store} refused {kind} of job `{job}` for good: {why}"),
                );
            }
            self.worker.queue.settle(draft, outcome);
        }
        self.worker.queue.release(settled.lane, settled.position);
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
        while let Some((_, waiter)) = self
            .waiters
            .pop_front_if(|(until, waiter)| *until <= now || waiter.strong_count() == 0)
        {
            if let Some(waiter) = waiter.upgrade() {
                waiter.give_up();
            }
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
        loop {
            for settled in self.delivery.abandon() {
                self.settle(settled);
            }
            // A lane whose events are settled is in the queue again where it has more.
            let Some(taken) = self.worker.queue.take() else {
                break;
            };
            self.delivery.accept(taken);
        }
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

/// Waits until the queue may have something. The last look at it comes after the word on how to wake us, so that no event slips between.
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
