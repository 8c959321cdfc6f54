//! What the index of jobs has yet to be told: lifecycle events that their own streams have.

mod piece;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

pub(super) use piece::Piece;
use piece::Waiting;

use super::spooling::Restored;
use super::teller::Teller;
use crate::delivery::Fresh;
use crate::epilogue::UNFENCED;
use crate::event::Brief;
use crate::index::Ledger;
use crate::settings::Settings;
use crate::store::{Appended, Fault};

/// It never holds up an event: what the store refuses is left out, but where it cannot take it just now.
pub(super) struct Index {
    ledger: Option<Ledger>,
    waiting: VecDeque<Waiting>,
    in_flight: Vec<Arc<Piece>>,
    /// When it is tried again, where the store could not take it.
    rests_until: Option<Instant>,
    /// How often it is said how long the feed is kept, and when that was last.
    renewed_every: Duration,
    renewed: Option<Instant>,
    /// How many events were ever to be told, and how many of them are, as far as can be.
    to_tell: u64,
    told: u64,
    /// How many of them the index lacks, in one of its places at least.
    lacking: u64,
}

/// So many wait at most; of more, the oldest are left out.
const WAITING: usize = 4096;
/// To a request: more than the events of one that start and end runs.
const AT_ONCE: usize = 512;
/// Where connection after connection breaks, it may be for one of these: no event is to suffer by that.
const MOST_BREAKS: u32 = 3;
const REST: Duration = Duration::from_secs(1);

impl Index {
    pub(super) fn new(settings: &Settings) -> Self {
        Self {
            ledger: Ledger::of_publisher(settings),
            waiting: VecDeque::new(),
            in_flight: Vec::new(),
            rests_until: None,
            renewed_every: settings.expiry_renewed(),
            renewed: None,
            to_tell: 0,
            told: 0,
            lacking: 0,
        }
    }

    /// These are on their streams.
    pub(super) fn add(&mut self, fresh: Vec<Fresh>) {
        if self.ledger.is_none() {
            return;
        }
        let briefs = fresh.iter().filter_map(|it| Brief::of(it.id, &it.values));
        let before = self.waiting.len();
        self.waiting.extend(briefs.map(Waiting::new));
        self.to_tell += (self.waiting.len() - before) as u64;
        self.bound();
    }

    /// What is to be told next.
    pub(super) fn next(&mut self, now: Instant) -> Option<Arc<Piece>> {
        let ledger = self.ledger.as_ref()?;
        if self.waiting.is_empty() || self.rests_until.is_some_and(|until| until > now) {
            return None;
        }
        self.rests_until = None;
        let events: Vec<_> = self
            .waiting
            .drain(..AT_ONCE.min(self.waiting.len()))
            .collect();
        let is_fresh = |at: Instant| now.duration_since(at) < self.renewed_every;
        let renews = !self.renewed.is_some_and(is_fresh);
        let piece = Arc::new(Piece::of(ledger, events, renews));
        if renews && piece.has_feed {
            self.renewed = Some(now);
        }
        self.in_flight.push(Arc::clone(&piece));
        Some(piece)
    }

    pub(super) fn take(
        &mut self,
        piece: &Arc<Piece>,
        answer: Result<Vec<Appended>, Fault>,
        now: Instant,
        teller: &mut Teller,
    ) {
        self.in_flight.retain(|sent| !Arc::ptr_eq(sent, piece));
        self.told += piece.events.len() as u64;
        let Some(ledger) = &self.ledger else { return };
        let results = answer.unwrap_or_else(|fault| vec![vec![Err(fault)]; piece.appends.len()]);
        for (nth, (append, results)) in piece.appends.iter().zip(&results).enumerate() {
            let refused = results.iter().find_map(|result| result.as_ref().err());
            teller.index(&ledger.shown(&append.key), refused);
            if piece.has_feed && nth == 0 && refused.is_some() {
                self.renewed = None;
            }
        }
        let (again, lacking) = piece.outcome(&results);
        self.lacking += lacking;
        if !again.is_empty() {
            self.rests_until = now.checked_add(REST);
            self.return_to_line(again.into_iter());
        }
    }

    /// What others have left is told of where it is written.
    pub(super) fn restored(&self, restored: &Restored, teller: &mut Teller) {
        if let Some(ledger) = &self.ledger
            && let Ok(written) = &restored.written
            && let Some(fault) = &written.unindexed
        {
            teller.index(ledger.feed(), Some(fault));
        }
        if let Ok(written) = &restored.written
            && let Some(fault) = &written.unfenced
        {
            teller.lacks(fault.clone(), UNFENCED);
        }
    }

    /// What was on its way may have arrived, and is told again. Nobody waits for that.
    pub(super) fn connection_lost(&mut self) {
        self.told = self.to_tell;
        self.renewed = None;
        let broke = std::mem::take(&mut self.in_flight);
        let events = broke.iter().flat_map(|piece| &piece.events).cloned();
        let broken: Vec<_> = events.collect();
        let again: Vec<_> = broken.iter().filter_map(Waiting::broken).collect();
        self.lacking += (broken.len() - again.len()) as u64;
        self.return_to_line(again.into_iter());
    }

    /// Nothing is told any more.
    pub(super) fn close(&mut self) {
        let in_flight = self.in_flight.drain(..).map(|piece| piece.events.len());
        let untold = in_flight.sum::<usize>() + self.waiting.drain(..).count();
        self.lacking += untold as u64;
    }

    /// How many events the index lacks.
    pub(super) fn lacking(&self) -> u64 {
        self.lacking
    }

    /// When something is tried again.
    pub(super) fn due(&self) -> Option<Instant> {
        self.rests_until.filter(|_| !self.waiting.is_empty())
    }

    /// How many events were to be told so far, and of how many of them that is done.
    pub(super) fn tells(&self) -> (u64, u64) {
        (self.to_tell, self.told)
    }

    fn return_to_line(&mut self, events: impl Iterator<Item = Waiting>) {
        let mut line: VecDeque<_> = events.collect();
        self.to_tell += line.len() as u64;
        line.append(&mut self.waiting);
        self.waiting = line;
        self.bound();
    }

    fn bound(&mut self) {
        let excess = self.waiting.len().saturating_sub(WAITING);
        self.waiting.drain(..excess);
        self.told += excess as u64;
        self.lacking += excess as u64;
    }
}

#[cfg(test)]
mod tests;
