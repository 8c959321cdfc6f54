//! One stream's events on their way, from the first try until each has its outcome.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{Command, Look, Settled, Step};
use crate::event::payload;
use crate::event::{Entry, Event, EventId};
use crate::queue::{Draft, Lane, Outcome, Position, Taken};
use crate::settings::Settings;
use crate::store::{Append, Appended, Class, Fault, NewEntry, StreamInfo};

#[derive(Debug)]
pub(super) struct Batch {
    lane: Arc<Lane>,
    position: Position,
    /// Those without an outcome, in the order of `append`'s entries.
    open: Vec<Draft>,
    done: Vec<(Draft, Outcome)>,
    append: Arc<Append>,
    state: State,
    /// How often in a row the store could not take it.
    rests: u32,
    /// Whether another writer was in the way before.
    has_conflicted: bool,
}

#[derive(Debug, PartialEq, Eq)]
enum State {
    ToAppend,
    /// Refused for its ids: what stands there is to be seen.
    ToLook,
    /// The store could not take it, and said why.
    Resting(String),
}

impl Batch {
    pub(super) fn new(taken: Taken, settings: &Settings, now: Instant) -> Self {
        let Taken {
            lane,
            mut position,
            mut events,
        } = taken;
        let newest = events.iter().map(|draft| draft.at.ms()).max().unwrap_or(0);
        let ids = position.advance(newest, events.len());
        let expire = expiry(&events, settings, &mut position, now);
        let mut append = Append {
            key: Arc::clone(&lane.key),
            entries: events.iter().map(entry).collect(),
            max_len: settings.max_len,
            expire,
        };
        set_ids(&mut append, ids);
        // It stands in the entries now, and is not kept twice.
        events.iter_mut().for_each(|draft| draft.text = Vec::new());
        Self {
            lane,
            position,
            open: events,
            done: Vec::new(),
            append: Arc::new(append),
            state: State::ToAppend,
            rests: 0,
            has_conflicted: false,
        }
    }

    pub(super) fn command(&self) -> Command {
        let ids = (self.append.entries.first(), self.append.entries.last());
        match (&self.state, ids) {
            (
                State::ToLook,
                (Some(NewEntry { id: Some(from), .. }), Some(NewEntry { id: Some(to), .. })),
            ) => Command::Look(Look {
                key: Arc::clone(&self.append.key),
                from: *from,
                to: *to,
                count: self.append.entries.len(),
            }),
            _ => Command::Append(Arc::clone(&self.append)),
        }
    }

    /// Each entry that was taken is delivered; of the others the first refusal decides what comes
    /// next.
    pub(super) fn appended(&mut self, results: Appended) {
        let (mut refusal, mut is_rejected) = (None, false);
        let mut results = results.into_iter();
        self.resolve(|_, _| match results.next() {
            Some(Ok(id)) => Some(Outcome::Delivered(id)),
            Some(Err(fault)) if fault.class == Class::Never => {
                is_rejected = true;
                Some(Outcome::Rejected(fault.why))
            }
            Some(Err(fault)) => {
                refusal.get_or_insert(fault);
                None
            }
            None => None,
        });
        if is_rejected {
            // Nor was the time taken, where the stream comes to be later.
            self.position.set_expiry(None);
        }
        self.state = match refusal {
            None => State::ToAppend,
            Some(fault) if fault.class == Class::Conflict => State::ToLook,
            Some(fault) => State::Resting(fault.why),
        };
    }

    /// What stands under our ids and is ours has arrived before. What is not there has to go above
    /// the stream's last id.
    pub(super) fn seen(
        &mut self,
        entries: Vec<Entry>,
        info: Option<Box<StreamInfo>>,
        now: Instant,
    ) {
        let there: Vec<Event> = entries.into_iter().map(Event::from).collect();
        let newest = info.as_ref().and_then(|info| info.last_event.as_ref());
        self.resolve(|draft, id| {
            let is_there = there
                .iter()
                .any(|event| Some(event.id()) == id && is_of(event, draft, |seq| seq == draft.seq));
            // Taken, and trimmed since: a later event of the same run is on the stream.
            let is_past = newest.is_some_and(|event| {
                Some(event.id()) > id && is_of(event, draft, |seq| seq > draft.seq)
            });
            (is_there || is_past).then(|| Outcome::Delivered(id.unwrap_or_default()))
        });
        if !self.open.is_empty() {
            let last = info.map_or(EventId::ZERO, |info| info.last_id);
            self.position.rebase(last, now, self.has_conflicted);
            self.has_conflicted = true;
            self.renumber();
        }
        self.state = State::ToAppend;
    }

    pub(super) fn refused(&mut self, fault: Fault) {
        match fault.class {
            Class::Never => {
                self.resolve(|_, _| Some(Outcome::Rejected(fault.why.clone())));
            }
            _ => self.state = State::Resting(fault.why),
        }
    }

    pub(super) fn next_step(&mut self) -> Step {
        if self.open.is_empty() {
            return Step::Settle;
        }
        if let State::Resting(why) = &mut self.state {
            let why = std::mem::take(why);
            self.state = State::ToAppend;
            self.rests += 1;
            return Step::Rest(self.rests - 1, why);
        }
        self.rests = 0;
        Step::Send
    }

    /// What has its outcome since this was last asked.
    pub(super) fn settled(&mut self) -> Settled {
        let lane = (Arc::clone(&self.lane), self.position);
        Settled {
            events: std::mem::take(&mut self.done),
            lane: self.open.is_empty().then_some(lane),
        }
    }

    pub(super) fn abandon(mut self) -> Settled {
        self.resolve(|_, _| Some(Outcome::ShutDown));
        self.settled()
    }

    /// Moves the events out for which `outcome` knows one.
    fn resolve(&mut self, mut outcome: impl FnMut(&Draft, Option<EventId>) -> Option<Outcome>) {
        let append = Arc::make_mut(&mut self.append);
        let mut entries = std::mem::take(&mut append.entries).into_iter();
        for draft in std::mem::take(&mut self.open) {
            let Some(entry) = entries.next() else { break };
            match outcome(&draft, entry.id) {
                Some(outcome) => self.done.push((draft, outcome)),
                None => {
                    self.open.push(draft);
                    append.entries.push(entry);
                }
            }
        }
    }

    /// New ids, above all that the stream has.
    fn renumber(&mut self) {
        let newest = self
            .open
            .iter()
            .map(|draft| draft.at.ms())
            .max()
            .unwrap_or(0);
        let ids = self.position.advance(newest, self.open.len());
        set_ids(Arc::make_mut(&mut self.append), ids);
    }
}

fn is_of(event: &Event, draft: &Draft, seq: impl Fn(u64) -> bool) -> bool {
    event.run() == Some(&draft.run.id) && event.seq().is_some_and(seq)
}

fn set_ids(append: &mut Append, ids: Option<Vec<EventId>>) {
    match ids {
        Some(ids) => append
            .entries
            .iter_mut()
            .zip(ids)
            .for_each(|(entry, id)| entry.id = Some(id)),
        None => append.entries.iter_mut().for_each(|entry| entry.id = None),
    }
}

fn entry(draft: &Draft) -> NewEntry {
    let timestamp = draft.at.to_rfc3339();
    let data = payload::data(
        &draft.event_type,
        &timestamp,
        &draft.run.identity,
        draft.seq,
        &draft.text,
        draft.coalesced,
    );
    NewEntry {
        id: None,
        values: [
            data,
            timestamp.into_bytes(),
            draft.event_type.as_str().into(),
        ],
    }
}

/// How long the stream is kept from here: set where a run starts, so that a crash leaves no immortal
/// key, again where it ends, and now and then between.
fn expiry(
    events: &[Draft],
    settings: &Settings,
    position: &mut Position,
    now: Instant,
) -> Option<Duration> {
    let mark = events
        .iter()
        .rev()
        .find(|draft| draft.ends() || draft.opens());
    if mark.is_none() && !position.expiry_is_due(now, settings.expiry_renewed()) {
        return None;
    }
    position.set_expiry(Some(now));
    let has_ended = mark.is_some_and(Draft::ends);
    Some(if has_ended {
        settings.retention_after_end
    } else {
        settings.retention_while_running
    })
}
