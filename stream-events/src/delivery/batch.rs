//! One stream's events on their way, from the first try until each has its outcome.

mod answers;
mod outcomes;
mod sight;
mod suspicion;

use std::sync::Arc;
use std::time::{Duration, Instant};

use suspicion::Suspicion;
pub(super) use suspicion::{STRIKES, SUSPECT_AFTER};

use super::{Command, Confirm, Look, Step, entries};
use crate::EventId;
use crate::event::spare;
use crate::queue::{Draft, Lane, Outcomes, Position, Taken};
use crate::settings::Settings;
use crate::spool::Record;
use crate::store::{Append, Fault, NewEntry};

#[derive(Debug)]
pub(super) struct Batch {
    lane: Arc<Lane>,
    position: Position,
    /// Those without an outcome, in the order of `append`'s entries.
    open: Vec<Draft>,
    done: Outcomes,
    append: Arc<Append>,
    /// The last of the ids, be its event open or done.
    last_id: Option<EventId>,
    /// What was acknowledged, as it stands on the stream.
    taken: Vec<NewEntry>,
    state: State,
    /// How often in a row the store could not take it.
    rests: u32,
    /// How many connections in a row broke with it on its way.
    breaks: u32,
    /// Whether it is on its way.
    is_sent: bool,
    suspicion: Option<Suspicion>,
    /// Why the first event is dropped, unless it is on the stream after all.
    condemned: Option<String>,
    /// Whether another writer was in the way before.
    has_conflicted: bool,
    /// Whether a connection broke before it was known what had been taken.
    may_be_there: bool,
    /// How long the stream is kept once the batch, which ends a run, is through.
    ends: Option<Duration>,
}

#[derive(Debug, PartialEq, Eq)]
enum State {
    ToAppend,
    /// Refused for its ids: what stands there is to be seen.
    ToLook,
    /// The store could not take it, and said why.
    Refused(Fault),
    /// One event of it may be at fault, and rests for so long.
    Suspected(Duration),
    /// All of it is acknowledged, and not yet durable.
    ToConfirm,
    Confirmed,
}

/// Of a stream on which others write all the time.
const MOST_LOOKED_AT: usize = 512;

impl Batch {
    pub(super) fn new(taken: Taken, settings: &Settings, now: Instant) -> Self {
        let Taken {
            lane,
            mut position,
            events: mut open,
        } = taken;
        let append = entries::append(&lane, &open, &mut position, settings, now);
        // It stands in the entries now, and is not kept twice.
        open.iter_mut()
            .for_each(|draft| spare::give_text(std::mem::take(&mut draft.text)));
        let ends = open.iter().any(Draft::ends);
        Self {
            lane,
            position,
            open,
            done: Outcomes::default(),
            last_id: append.entries.last().and_then(|entry| entry.id),
            append: Arc::new(append),
            taken: Vec::new(),
            state: State::ToAppend,
            rests: 0,
            breaks: 0,
            is_sent: false,
            suspicion: None,
            condemned: None,
            has_conflicted: false,
            may_be_there: false,
            ends: ends.then(|| settings.retention(true)),
        }
    }

    pub(super) fn key(&self) -> &Arc<str> {
        &self.append.key
    }

    pub(super) fn lane(&self) -> Arc<Lane> {
        Arc::clone(&self.lane)
    }

    /// The lifecycle events without an outcome that were never asked for here.
    pub(super) fn unspooled(&mut self) -> Vec<Record> {
        let events = self.open.iter_mut().zip(&self.append.entries);
        let fresh = events.filter(|(draft, _)| draft.is_for_spool() && !draft.is_spooled);
        fresh
            .map(|(draft, entry)| {
                draft.is_spooled = true;
                draft.record(draft.seq, &entry.values)
            })
            .collect()
    }

    pub(super) fn is_suspect(&self) -> bool {
        self.suspicion.is_some()
    }

    pub(super) fn is_to_confirm(&self) -> bool {
        self.state == State::ToConfirm
    }

    /// What is to be done now; from here it is on its way.
    pub(super) fn send(&mut self) -> Command {
        self.is_sent = true;
        self.command()
    }

    pub(super) fn ends(&self) -> bool {
        self.ends.is_some()
    }

    fn command(&self) -> Command {
        if self.is_to_confirm() {
            return Command::Confirm(Confirm {
                key: Arc::clone(self.key()),
                expire: self.ends.unwrap_or_default(),
            });
        }
        let looks = self.state == State::ToLook
            || self
                .suspicion
                .is_some_and(|suspicion| suspicion.wants_probe);
        let entries = &self.append.entries;
        match self.suspicion {
            _ if looks => Command::Look(self.look()),
            Some(suspicion) if suspicion.width < entries.len() => {
                Command::Append(Arc::new(Append {
                    key: Arc::clone(self.key()),
                    entries: entries[..suspicion.width].to_vec(),
                    ..*self.append
                }))
            }
            _ => Command::Append(Arc::clone(&self.append)),
        }
    }

    /// Those of its events that are done are looked at too: they tell whether one was passed. Where the
    /// store chooses the ids, what has come since the last that it told may be ours.
    fn look(&self) -> Look {
        let first_id = self.append.entries.first().and_then(|entry| entry.id);
        let (from, to, count) = match first_id.zip(self.last_id) {
            Some((from, to)) => (from, to, to.n().saturating_sub(from.n()) as usize + 1),
            None => (self.position.last(), EventId::MAX, MOST_LOOKED_AT),
        };
        Look {
            key: Arc::clone(self.key()),
            from,
            to,
            count,
        }
    }

    /// What comes next; `confirms` where an end is to be durable before it counts.
    pub(super) fn next_step(&mut self, confirms: bool, taken: u64, now: Instant) -> Step {
        self.suspect_refused(taken);
        match std::mem::replace(&mut self.state, State::ToAppend) {
            State::Refused(fault) => {
                self.expire(now);
                self.rests += 1;
                if !self.open.is_empty() {
                    return Step::Rest(self.rests - 1, fault);
                }
            }
            State::Suspected(rest) => {
                self.expire(now);
                if !self.open.is_empty() {
                    return Step::Suspect(rest);
                }
            }
            State::ToConfirm => {
                self.state = State::ToConfirm;
                return Step::Confirm;
            }
            state => self.state = state,
        }
        if self.open.is_empty() {
            if confirms && self.ends.is_some() && self.state != State::Confirmed {
                self.state = State::ToConfirm;
                return Step::Confirm;
            }
            return Step::Settle;
        }
        self.rests = 0;
        Step::Send
    }
}
