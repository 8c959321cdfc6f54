//! Where events wait between the job and the worker: bounded in bytes, a lane for each stream.

mod bell;
mod draft;
mod lane;
mod lanes;
mod leaving;
#[cfg(all(test, shuttle))]
mod models;
mod outcomes;
mod position;
mod reserve;
mod room;
mod slots;
mod waiter;
mod watchlist;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::event::EventType;
use crate::process::Process;
use crate::stats::{Counters, Reason};
use crate::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use crate::sync::{Mutex, MutexGuard, PoisonError, TryLockError};

pub(crate) use bell::Attention;
use bell::Bell;
pub(crate) use draft::Draft;
pub(crate) use lane::{Lane, Mark};
pub(crate) use lanes::Lanes;
pub(crate) use outcomes::Outcomes;
pub(crate) use position::Position;
use room::Room;
pub(crate) use slots::Slots;
pub(crate) use waiter::{Outcome, Waiter};
use watchlist::Watchlist;

/// What all of a publisher's handles push into, and its one worker takes from.
#[derive(Debug)]
pub(crate) struct Queue {
    /// Lanes with events that the worker does not have yet. Locked after a lane, never before one.
    ready: Mutex<VecDeque<Arc<Lane>>>,
    room: Room,
    pub(crate) counters: Counters,
    process: Process,
    /// Runs that have room kept for an end that is yet to come.
    unended: AtomicUsize,
    refuses_starts: AtomicBool,
    closed: AtomicBool,
    abandoned: AtomicBool,
    bell: Bell,
    watchlist: Watchlist,
    /// Why nothing is delivered just now, for those who wait in vain.
    trouble: Mutex<Option<String>>,
}

/// A lane's next events, with what delivery knows of its stream. The lane gives out no more until
/// these are settled.
#[derive(Debug)]
pub(crate) struct Taken {
    pub(crate) lane: Arc<Lane>,
    pub(crate) position: Position,
    pub(crate) events: Vec<Draft>,
}

impl Queue {
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            ready: Mutex::default(),
            room: Room::new(limit),
            counters: Counters::default(),
            process: Process::current(),
            unended: AtomicUsize::new(0),
            refuses_starts: AtomicBool::new(false),
            closed: AtomicBool::new(false),
            abandoned: AtomicBool::new(false),
            bell: Bell::new(),
            watchlist: Watchlist::default(),
            trouble: Mutex::default(),
        }
    }

    /// Takes an event of this lane in, or counts why not. Never waits for more than another push; wakes the
    /// worker only where it must, since that costs a system call.
    #[inline]
    pub(crate) fn push(&self, lane: &Arc<Lane>, draft: Draft) -> Result<(), Reason> {
        self.counters.emitted();
        let urgent = draft.is_urgent();
        // It is a system call, and where a run begins it was made just before.
        let asks = urgent && draft.event_type != EventType::TaskStarted;
        let is_open =
            !self.closed.load(SeqCst) || (draft.is_promised_end() && !self.abandoned.load(SeqCst));
        let taken = if !is_open || (asks && self.process.is_left()) {
            draft.refused(&self.room);
            Err(Reason::ShutDown)
        } else {
            self.take_in(lane, draft)
        };
        taken.inspect_err(|reason| self.counters.dropped(*reason))?;
        self.wake(urgent);
        // The worker may have left between the look at `closed` and here.
        if self.abandoned.load(SeqCst) {
            self.abandon(|_| false);
        }
        Ok(())
    }

    #[inline]
    fn take_in(&self, lane: &Arc<Lane>, draft: Draft) -> Result<(), Reason> {
        let is_lifecycle = draft.is_for_spool();
        lane.push(draft, self)?;
        if is_lifecycle {
            self.watchlist.note(lane);
        }
        Ok(())
    }

    /// Of a lane that is in nobody's hands.
    fn list(&self, lane: Arc<Lane>) -> Result<(), Reason> {
        self.enter(&self.ready)?.push_back(lane);
        Ok(())
    }

    /// Takes a lock on a job's behalf. One that is not free at once may be held by a thread that a
    /// fork does not have; only then is it worth asking whether this is one.
    fn enter<'a, T>(&self, lock: &'a Mutex<T>) -> Result<MutexGuard<'a, T>, Reason> {
        match lock.try_lock() {
            Ok(guard) => Ok(guard),
            Err(TryLockError::Poisoned(poisoned)) => Ok(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) if self.process.is_left() => Err(Reason::ShutDown),
            Err(TryLockError::WouldBlock) => {
                Ok(lock.lock().unwrap_or_else(PoisonError::into_inner))
            }
        }
    }

    /// Whether this is a fork of the process that the queue was made in.
    pub(crate) fn is_left(&self) -> bool {
        self.process.is_left()
    }

    /// Counts an event that never got as far as a push.
    pub(crate) fn refuse(&self, reason: Reason) -> Reason {
        self.counters.emitted();
        self.counters.dropped(reason);
        reason
    }

    /// The next lane's events, at most [`lane::BATCH_EVENTS`] and about [`lane::BATCH_BYTES`] of
    /// them.
    pub(crate) fn take(&self, now: Instant) -> Option<Taken> {
        loop {
            // Not in the condition, where the lock would last for the loop's body.
            let lane = self.ready().pop_front()?;
            let (taken, late) = lane.take(now);
            self.expired(late);
            if !taken.events.is_empty() {
                return Some(taken);
            }
            self.release(taken.lane, taken.position);
        }
    }

    /// Drops what waits and whose time is up.
    pub(crate) fn expire(&self, now: Instant) {
        let lanes: Vec<_> = self.ready().iter().cloned().collect();
        for lane in lanes {
            self.expired(lane.take_late(now));
        }
    }

    fn expired(&self, late: Vec<Draft>) {
        let expired = late.into_iter().map(|draft| (draft, Outcome::Expired));
        self.settle(expired.collect());
    }

    /// Gives a lane back whose events are settled; each of them has been passed to
    /// [`settle`](Self::settle).
    pub(crate) fn release(&self, lane: Arc<Lane>, position: Position) {
        if lane.release(position) {
            self.ready().push_back(lane);
        }
    }

    /// The end of these: counted, their room free again, and whoever waits for one told. Mostly they are
    /// many and delivered, which is counted once for all.
    pub(crate) fn settle(&self, mut outcomes: Outcomes) {
        let (mut delivered, mut bytes) = (0, 0);
        for (draft, outcome) in outcomes.iter() {
            match outcome {
                Outcome::Delivered(_) => delivered += 1,
                Outcome::Rejected(_) => self.counters.dropped(Reason::Rejected),
                Outcome::Expired => self.counters.dropped(Reason::Expired),
                Outcome::ShutDown { .. } => self.counters.dropped(Reason::ShutDown),
                // It waits on, for another process.
                Outcome::Spooled => {}
            }
            bytes += draft.freed();
        }
        self.counters.delivered(delivered);
        self.room.release(bytes);
        for (draft, outcome) in outcomes.drain() {
            if let Some(waiter) = &draft.waiter {
                waiter.tell(outcome);
            }
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.ready().is_empty()
    }

    pub(crate) fn set_trouble(&self, why: Option<&str>) {
        let mut trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        if trouble.as_deref() != why {
            *trouble = why.map(str::to_owned);
        }
    }

    pub(crate) fn trouble(&self) -> Option<String> {
        self.trouble
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// From now on [`fresh`](Self::fresh) has what else comes.
    pub(crate) fn watch(&self) -> Vec<Arc<Lane>> {
        self.watchlist.open();
        self.ready().iter().cloned().collect()
    }

    pub(crate) fn unwatch(&self) {
        self.watchlist.close();
    }

    /// Lanes that lifecycle events were pushed to since this was last asked.
    pub(crate) fn fresh(&self) -> Vec<Arc<Lane>> {
        self.watchlist.take()
    }

    /// Resolves when there are such lanes.
    pub(crate) async fn freshened(&self) {
        self.watchlist.wanted().await;
    }

    /// Says how the worker is to be woken from now on. It has to look at the queue once more before
    /// it rests.
    pub(crate) fn attend(&self, attention: Attention) {
        self.bell.attend(attention);
    }

    /// Has the worker's thread sleep for so long at most, or until it is wanted.
    pub(crate) fn nap(&self, time: Duration) {
        self.bell.nap(time);
    }

    /// Resolves when the worker is wanted.
    pub(crate) async fn wanted(&self) {
        self.bell.rung().await;
    }

    /// No wake-up is lost: between what they write and what they read both sides pass the lock of
    /// `ready`, or a pusher that of a lane under which another did. So either the worker's last look
    /// finds the lane, or this sees that it rests. Of what is urgent it is known that this is no fork.
    fn wake(&self, urgent: bool) {
        if self.bell.is_due(urgent) && (urgent || !self.process.is_left()) {
            self.bell.ring();
        }
    }

    fn ready(&self) -> MutexGuard<'_, VecDeque<Arc<Lane>>> {
        self.ready.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
