//! What the index of jobs has yet to be told: lifecycle events that their own streams have.

mod line;
mod piece;

use std::sync::Arc;
use std::time::{Duration, Instant};

use line::Line;
pub(super) use piece::Piece;
use piece::Waiting;

use super::spooling::Restored;
use super::teller::Teller;
use crate::delivery::Fresh;
use crate::epilogue::UNFENCED;
use crate::event::Brief;
use crate::index::{Ledger, Shard, Shards};
use crate::settings::Settings;
use crate::store::{Appended, Fault};

/// It never holds up an event: what the store refuses is left out, but where it cannot take it just now.
pub(super) struct Index {
    ledger: Option<Ledger>,
    /// Of each shard, and one more of what is for parents alone.
    lines: Vec<Line>,
    /// Which of them comes first in the next request.
    first: usize,
    in_flight: Vec<Arc<Piece>>,
    /// How often it is said how long a feed is kept.
    renewed_every: Duration,
    /// How many events were ever to be told, and how many of them are, as far as can be.
    to_tell: u64,
    told: u64,
    /// How many of them the index lacks, in one of its places at least.
    lacking: u64,
}

/// So many wait at most; of more, the oldest of the longest line are left out.
const WAITING: usize = 4096;
/// To a request: more than the events of one that start and end runs.
const AT_ONCE: usize = 512;
/// Where connection after connection breaks, it may be for one of these: no event is to suffer by that.
const MOST_BREAKS: u32 = 3;

impl Index {
    pub(super) fn new(settings: &Settings, shards: Shards) -> Self {
        Self {
            ledger: Ledger::of_publisher(settings, shards),
            lines: (0..=shards.count()).map(|_| Line::default()).collect(),
            first: 0,
            in_flight: Vec::new(),
            renewed_every: settings.expiry_renewed(),
            to_tell: 0,
            told: 0,
            lacking: 0,
        }
    }

    /// These are on their streams.
    pub(super) fn add(&mut self, fresh: Vec<Fresh>) {
        let Some(ledger) = &self.ledger else { return };
        let briefs = fresh.iter().filter_map(|it| Brief::of(it.id, &it.values));
        for brief in briefs {
            let waiting = Waiting::new(ledger.shard(&brief), brief);
            self.lines[waiting.shard.number()]
                .waiting
                .push_back(waiting);
            self.to_tell += 1;
        }
        self.bound();
    }

    /// What is to be told next.
    pub(super) fn next(&mut self, now: Instant) -> Option<Arc<Piece>> {
        let ledger = self.ledger.as_ref()?;
        let mut events = Vec::new();
        let (before, after) = self.lines.split_at_mut(self.first);
        for line in after.iter_mut().chain(before) {
            let room = AT_ONCE - events.len();
            events.extend(line.take(now, room));
        }
        if events.is_empty() {
            return None;
        }
        self.first = (self.first + 1) % self.lines.len();
        let (lines, every) = (&mut self.lines, self.renewed_every);
        let renews = |shard: Shard| lines[shard.number()].renews(now, every);
        let piece = Arc::new(Piece::of(ledger, events, renews));
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
        let results = answer.unwrap_or_else(|fault| vec![vec![Err(fault)]; piece.appends.len()]);
        self.tell(piece, &results, teller);
        let (again, lacking) = piece.outcome(&results);
        self.lacking += lacking;
        for event in &again {
            self.line(event).rest(now);
        }
        self.return_to_line(again);
    }

    /// Says what is refused, and what is not any more. Of the feeds, it is one thing to say.
    fn tell(&mut self, piece: &Piece, results: &[Appended], teller: &mut Teller) {
        let Some(ledger) = &self.ledger else { return };
        let mut of_feeds = None;
        for (append, results) in piece.appends.iter().zip(results) {
            let refused = results.iter().find_map(|result| result.as_ref().err());
            let Some(nth) = ledger.nth_feed(&append.key) else {
                teller.index(&ledger.shown_children(), refused);
                continue;
            };
            let line = &mut self.lines[nth];
            line.is_refused = refused.is_some();
            if refused.is_some() {
                line.unsaid();
            }
            of_feeds = Some(of_feeds.flatten().or(refused));
        }
        // Where it is taken here, it may be refused elsewhere still.
        if let Some(refused) = of_feeds
            && (refused.is_some() || !self.lines.iter().any(|line| line.is_refused))
        {
            teller.index(&ledger.shown_feed(), refused);
        }
    }

    /// What others have left is told of where it is written.
    pub(super) fn restored(&self, restored: &Restored, teller: &mut Teller) {
        if let Some(ledger) = &self.ledger
            && let Ok(written) = &restored.written
            && let Some(fault) = &written.unindexed
        {
            teller.index(&ledger.shown_feed(), Some(fault));
        }
        if let Ok(written) = &restored.written
            && let Some(fault) = &written.unfenced
        {
            teller.lacks(fault.clone(), UNFENCED);
        }
    }

    /// What was on its way may have arrived, and is told again. Nobody waits for that, nor for what has yet to be
    /// told, but who comes from now on.
    pub(super) fn connection_lost(&mut self) {
        self.told = self.to_tell;
        let waiting = self.lines.iter().map(|line| line.waiting.len());
        self.to_tell += waiting.sum::<usize>() as u64;
        self.lines.iter_mut().for_each(Line::unsaid);
        let broke = std::mem::take(&mut self.in_flight);
        let events = broke.iter().flat_map(|piece| &piece.events).cloned();
        let broken: Vec<_> = events.collect();
        let again: Vec<_> = broken.iter().filter_map(Waiting::broken).collect();
        self.lacking += (broken.len() - again.len()) as u64;
        self.return_to_line(again);
    }

    /// Nothing is told any more.
    pub(super) fn close(&mut self) {
        let in_flight = self.in_flight.drain(..).map(|piece| piece.events.len());
        let waiting = self
            .lines
            .iter_mut()
            .map(|line| line.waiting.drain(..).count());
        self.lacking += (in_flight.sum::<usize>() + waiting.sum::<usize>()) as u64;
    }

    /// How many events the index lacks.
    pub(super) fn lacking(&self) -> u64 {
        self.lacking
    }

    /// When something is tried again.
    pub(super) fn due(&self) -> Option<Instant> {
        self.lines.iter().filter_map(Line::due).min()
    }

    /// How many events were to be told so far, and of how many of them that is done.
    pub(super) fn tells(&self) -> (u64, u64) {
        (self.to_tell, self.told)
    }

    /// Where an event waits.
    fn line(&mut self, event: &Waiting) -> &mut Line {
        let nth = match event.to_feed {
            true => event.shard.number(),
            false => self.lines.len() - 1,
        };
        &mut self.lines[nth]
    }

    /// In their order, before what waits there.
    fn return_to_line(&mut self, events: Vec<Waiting>) {
        self.to_tell += events.len() as u64;
        for event in events.into_iter().rev() {
            self.line(&event).waiting.push_front(event);
        }
        self.bound();
    }

    fn bound(&mut self) {
        let waiting = self.lines.iter().map(|line| line.waiting.len());
        let mut excess = waiting.sum::<usize>().saturating_sub(WAITING);
        self.told += excess as u64;
        self.lacking += excess as u64;
        while excess > 0 {
            let longest = self.lines.iter_mut().max_by_key(|line| line.waiting.len());
            let Some(Line { waiting, .. }) = longest else {
                return;
            };
            let share = excess.div_ceil(2).min(waiting.len());
            waiting.drain(..share);
            excess -= share;
        }
    }
}

#[cfg(test)]
mod tests;
