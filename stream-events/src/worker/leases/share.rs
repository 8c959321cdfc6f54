//! The leases of one shard of the index, by the clock of the server that has it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::clock::Clock;
use super::held::{Held, Look};
use crate::job::Run;
use crate::store::{Fault, LeaseTurn, Leased};

pub(super) struct Share {
    pub(super) key: Arc<str>,
    /// For how long leases are taken, and how often they are renewed.
    time: Duration,
    period: Duration,
    /// How long after the first renewal of a connection the next one is: shards take turns.
    first_period: Duration,
    /// How long what it cannot take just then waits, whatever events are sent meanwhile: those go elsewhere.
    /// None where they go to the same server.
    rest: Option<Duration>,
    pub(super) held: Held,
    begun: Vec<Arc<str>>,
    ended: Vec<Arc<str>>,
    /// Begun, and not taken as the store could not just then.
    refused: Vec<Arc<str>>,
    /// Ended, and not given up as the store could not just then.
    unended: Vec<Arc<str>>,
    in_flight: Vec<Arc<LeaseTurn>>,
    clock: Clock,
    /// When leases are to be renewed next; none where that is now.
    renews_at: Option<Instant>,
    /// Why leases are not kept here, as was told last.
    pub(super) refusal: Option<Fault>,
    /// How many were ever to be given up, and how many of them are, as far as can be.
    pub(super) to_end: u64,
    pub(super) done: u64,
    /// How many runs began without one.
    pub(super) without: u64,
}

impl Share {
    /// The `nth` of so many.
    pub(super) fn new(key: Arc<str>, time: Duration, nth: usize, count: usize) -> Self {
        let period = (time / 3).min(LONGEST_PERIOD);
        Self {
            key,
            time,
            period,
            first_period: period * (nth + 1) as u32 / count as u32,
            rest: (count > 1).then_some(REST),
            held: Held::default(),
            begun: Vec::new(),
            ended: Vec::new(),
            refused: Vec::new(),
            unended: Vec::new(),
            in_flight: Vec::new(),
            clock: Clock::default(),
            renews_at: None,
            refusal: None,
            to_end: 0,
            done: 0,
            without: 0,
        }
    }

    /// Whether its server has told its clock, or that it cannot.
    pub(super) fn is_ready(&self) -> bool {
        self.clock.is_known() || self.refusal.is_some()
    }

    pub(super) fn begin(&mut self, run: &Arc<Run>) {
        self.begun.push(self.held.begin(run));
    }

    pub(super) fn end(&mut self, run: &Run) {
        if let Some(member) = self.held.end(run)
            // Otherwise it was never asked for.
            && self.clock.is_known()
        {
            self.ended.push(member);
            self.to_end += 1;
        }
    }

    /// With events, of which the store may take now what it refused before, goes what it refused of leases; where
    /// those go elsewhere, once it has rested.
    pub(super) fn next(&mut self, with_events: bool, now: Instant) -> Option<Arc<LeaseTurn>> {
        let is_due = self.due(now).is_some_and(|due| due <= now);
        let takes_again = self.rest.map_or(with_events, |_| is_due);
        if takes_again {
            let refused = self.refused.drain(..);
            self.begun
                .extend(refused.filter(|member| self.held.has(member)));
        }
        let Some(time) = self.clock.at(now) else {
            return self.without_clock(is_due, now);
        };
        if !is_due && self.begun.is_empty() && self.ended.is_empty() {
            return None;
        }
        let mut turn = self.turn(is_due, now);
        turn.until = Some(time + self.time.as_millis() as u64);
        if is_due {
            turn.renewed = self.held.renewed();
            self.to_end += self.unended.len() as u64;
            self.ended.append(&mut self.unended);
        }
        turn.begun = std::mem::take(&mut self.begun);
        turn.ended = std::mem::take(&mut self.ended);
        self.held.ask_for(&turn.begun);
        Some(self.ask(turn))
    }

    /// Without it there is no time until which to lease.
    fn without_clock(&mut self, is_due: bool, now: Instant) -> Option<Arc<LeaseTurn>> {
        let mut begun = std::mem::take(&mut self.begun);
        self.held.ask_for(&begun);
        match self.refusal.as_ref().is_some_and(Fault::is_for_now) {
            true => self.refused.append(&mut begun),
            false => self.without += begun.len() as u64,
        }
        is_due.then(|| {
            let turn = self.turn(true, now);
            self.ask(turn)
        })
    }

    fn turn(&mut self, renews: bool, now: Instant) -> LeaseTurn {
        if renews {
            let wait = self.renews_at.map_or(self.first_period, |_| self.period);
            self.renews_at = Some(now + wait);
        }
        LeaseTurn {
            key: Arc::clone(&self.key),
            sweep: renews.then_some(KEPT),
            ..LeaseTurn::default()
        }
    }

    fn ask(&mut self, turn: LeaseTurn) -> Arc<LeaseTurn> {
        let turn = Arc::new(turn);
        self.in_flight.push(Arc::clone(&turn));
        turn
    }

    pub(super) fn take(&mut self, turn: &Arc<LeaseTurn>, leased: Result<Leased, Fault>) {
        self.in_flight.retain(|asked| !Arc::ptr_eq(asked, turn));
        self.done += turn.ended.len() as u64;
        let leased = leased.unwrap_or_else(|fault| Leased {
            refusal: Some(fault),
            ..Leased::default()
        });
        self.note(turn, &leased);
        if turn.asks() {
            self.refusal = leased.refusal;
        }
    }

    fn note(&mut self, turn: &LeaseTurn, leased: &Leased) {
        if turn.sweep.is_some() {
            self.held.look_again();
        }
        if let Some(now) = leased.now {
            let was_known = self.clock.is_known();
            if !self.clock.set(now, Instant::now(), self.period) || !was_known {
                // By a clock that has jumped since, what was just renewed may stand in the past.
                self.renews_at = None;
            }
        }
        self.held.suspect(&leased.lapsed);
        match &leased.refusal {
            None => self.held.stand(&turn.renewed),
            Some(fault) if fault.is_for_now() => {
                self.refused.extend(turn.begun.iter().cloned());
                self.unended.extend(turn.ended.iter().cloned());
                self.unended.truncate(MOST_UNENDED);
                if let Some(rest) = self.rest {
                    let at = Instant::now() + rest;
                    self.renews_at = self.renews_at.map(|renews_at| renews_at.min(at));
                }
            }
            Some(_) => self.without += turn.begun.len() as u64,
        }
    }

    /// Whoever declared the run lost gives its lease up, which may come behind our renewal.
    pub(super) fn resumed(&mut self, look: &Look) {
        self.begun.extend(self.held.resumed(look));
    }

    pub(super) fn connected(&mut self) {
        self.renews_at = None;
    }

    pub(super) fn connection_lost(&mut self) {
        self.done = self.to_end;
        for turn in self.in_flight.drain(..) {
            self.ended.extend(turn.ended.iter().cloned());
        }
        self.to_end += self.ended.len() as u64;
        self.held.look_again();
    }

    /// When leases are to be renewed.
    pub(super) fn due(&self, now: Instant) -> Option<Instant> {
        let is_idle = self.held.is_empty() && self.unended.is_empty();
        let is_asked = self.in_flight.iter().any(|turn| turn.sweep.is_some());
        let is_needed = !is_idle || !self.is_ready();
        (is_needed && !is_asked).then(|| self.renews_at.unwrap_or(now))
    }
}

/// Leases are renewed as often also where they are longer: when the store's clock jumps ahead they
/// seem to have run out until then, for no longer than others wait before they believe it.
const LONGEST_PERIOD: Duration = Duration::from_secs(10);
const REST: Duration = Duration::from_secs(1);
/// So many leases wait to be given up while the store cannot; what others there are runs out by itself.
const MOST_UNENDED: usize = 4096;
/// How long a lease is kept that has run out and that nobody cares about. Its stream is gone by
/// then.
const KEPT: Duration = crate::DEFAULT_RETENTION_WHILE_RUNNING;
