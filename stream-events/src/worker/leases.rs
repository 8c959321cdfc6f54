//! The leases of the runs at work in this process: taken, renewed, given up.

mod clock;
mod held;

use std::sync::Arc;
use std::time::{Duration, Instant};

use clock::Clock;
use held::Held;
pub(super) use held::Look;

use super::teller::Teller;
use crate::index::Shard;
use crate::lease;
use crate::queue::{Draft, Outcome};
use crate::settings::Settings;
use crate::store::{Class, Fault, LeaseTurn, Leased};

/// What is asked of the store for leases.
pub(super) enum Ask {
    Turn(Arc<LeaseTurn>),
    Look(Look),
}

/// What came of it.
pub(super) enum Told {
    Turn(Arc<LeaseTurn>, Result<Leased, Fault>),
    /// Whether the run was declared lost.
    Look(Look, Result<bool, Fault>),
}

/// A run's lease is on its way before its first event is: so no run that has begun stands without
/// one. It is given up once the run's end is delivered, or never will be.
pub(super) struct Leases {
    key: Arc<str>,
    time: Duration,
    held: Held,
    begun: Vec<Arc<str>>,
    ended: Vec<Arc<str>>,
    /// Begun, and not taken as the store could not just then.
    refused: Vec<Arc<str>>,
    /// Ended, and not given up as the store could not just then.
    unended: Vec<Arc<str>>,
    in_flight: Vec<Arc<LeaseTurn>>,
    clock: Clock,
    /// When leases were last renewed; none where that is due now.
    renewed: Option<Instant>,
    /// How many were ever to be given up, and how many of them are, as far as can be.
    to_end: u64,
    done: u64,
    is_refused: bool,
    /// How many runs began without one.
    without: u64,
}

impl Leases {
    pub(super) fn new(settings: &Settings) -> Self {
        Self {
            key: lease::key(&settings.prefix, Shard::ONLY),
            time: settings.lease,
            held: Held::default(),
            begun: Vec::new(),
            ended: Vec::new(),
            refused: Vec::new(),
            unended: Vec::new(),
            in_flight: Vec::new(),
            clock: Clock::default(),
            renewed: None,
            to_end: 0,
            done: 0,
            is_refused: false,
            without: 0,
        }
    }

    /// Whether events may be sent: not before the store has told its clock, or refused to.
    pub(super) fn are_ready(&self) -> bool {
        self.clock.is_known() || self.is_refused
    }

    /// Events that are sent next: takes the leases of the runs that begin with them.
    pub(super) fn begin(&mut self, events: &[Draft]) {
        let opening = events.iter().filter(|draft| draft.opens());
        for run in opening.map(|draft| &draft.run).filter(|run| run.is_held()) {
            self.begun.push(self.held.begin(run));
        }
    }

    /// An event that has its outcome. An end that was not delivered before we leave is for others to
    /// declare.
    pub(super) fn settle(&mut self, draft: &Draft, outcome: &Outcome) {
        match outcome {
            Outcome::ShutDown { .. } | Outcome::Spooled => return,
            Outcome::Delivered(_) => draft.run.marks.deliver(draft.seq),
            Outcome::Rejected(_) | Outcome::Expired => {}
        }
        if draft.ends()
            && draft.run.is_held()
            && let Some(member) = self.held.end(&draft.run)
            // Otherwise it was never asked for.
            && self.clock.is_known()
        {
            self.ended.push(member);
            self.to_end += 1;
        }
    }

    /// What is to be asked next. Of many runs that begin and end it is one request for all. With
    /// events, of which the store may take now what it refused before, goes what it refused of leases.
    pub(super) fn next(&mut self, with_events: bool, now: Instant) -> Option<Ask> {
        let is_due = self.due(now).is_some_and(|due| due <= now);
        if with_events {
            let refused = self.refused.drain(..);
            self.begun
                .extend(refused.filter(|member| self.held.has(member)));
        }
        let Some(time) = self.clock.at(now) else {
            return self.without_clock(is_due, now);
        };
        if !is_due && self.begun.is_empty() && self.ended.is_empty() {
            return self.held.next_look().map(Ask::Look);
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
    fn without_clock(&mut self, is_due: bool, now: Instant) -> Option<Ask> {
        let begun = std::mem::take(&mut self.begun);
        self.without += begun.len() as u64;
        self.held.ask_for(&begun);
        is_due.then(|| {
            let turn = self.turn(true, now);
            self.ask(turn)
        })
    }

    fn turn(&mut self, renews: bool, now: Instant) -> LeaseTurn {
        if renews {
            self.renewed = Some(now);
        }
        LeaseTurn {
            key: Arc::clone(&self.key),
            sweep: renews.then_some(KEPT),
            ..LeaseTurn::default()
        }
    }

    fn ask(&mut self, turn: LeaseTurn) -> Ask {
        let turn = Arc::new(turn);
        self.in_flight.push(Arc::clone(&turn));
        Ask::Turn(turn)
    }

    pub(super) fn take(&mut self, told: Told, teller: &mut Teller) {
        match told {
            Told::Turn(turn, leased) => {
                self.in_flight.retain(|asked| !Arc::ptr_eq(asked, &turn));
                self.done += turn.ended.len() as u64;
                let leased = leased.unwrap_or_else(|fault| Leased {
                    refusal: Some(fault),
                    ..Leased::default()
                });
                self.note(&turn, &leased);
                if turn.asks() {
                    self.is_refused = leased.refusal.is_some();
                    teller.leases(leased.refusal);
                }
                for (fault, so) in leased.lacks {
                    teller.lacks(fault, so);
                }
            }
            Told::Look(look, Ok(true)) => self.resume(&look, teller),
            Told::Look(look, Ok(false)) => self.held.clear(&look),
            // It is looked again when leases are next renewed.
            Told::Look(_, Err(_)) => {}
        }
    }

    fn note(&mut self, turn: &LeaseTurn, leased: &Leased) {
        if turn.sweep.is_some() {
            self.held.look_again();
        }
        if let Some(now) = leased.now {
            let was_known = self.clock.is_known();
            if !self.clock.set(now, Instant::now(), self.period()) || !was_known {
                // By a clock that has jumped since, what was just renewed may stand in the past.
                self.renewed = None;
            }
        }
        self.held.suspect(&leased.lapsed);
        match &leased.refusal {
            None => self.held.stand(&turn.renewed),
            Some(fault) if matches!(fault.class, Class::Later | Class::Away) => {
                self.refused.extend(turn.begun.iter().cloned());
                self.unended.extend(turn.ended.iter().cloned());
                self.unended.truncate(MOST_UNENDED);
            }
            Some(_) => self.without += turn.begun.len() as u64,
        }
    }

    /// Takes back what others have declared. Where the queue has no room for that just now, it is
    /// tried again when leases are next renewed.
    fn resume(&mut self, look: &Look, teller: &mut Teller) {
        let run = look.run.upgrade();
        match (&run, run.as_ref().and_then(|run| run.resume())) {
            (Some(run), Some(Ok(()))) => {
                teller.resumed(run.job.to_string());
                // Whoever declared it gives its lease up, which may come behind our renewal.
                self.begun.extend(self.held.resumed(look));
            }
            (_, Some(Err(_))) => {}
            _ => self.held.clear(look),
        }
    }

    pub(super) fn connected(&mut self) {
        self.renewed = None;
    }

    /// What was on its way is asked for anew. Nobody waits for that.
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
        let is_needed = !self.held.is_empty() || !self.are_ready();
        let is_asked = self.in_flight.iter().any(|turn| turn.sweep.is_some());
        let due = || self.renewed.map_or(now, |at| at + self.period());
        (is_needed && !is_asked).then(due)
    }

    /// How many leases were to be given up so far, and of how many of them that is done.
    pub(super) fn ends(&self) -> (u64, u64) {
        (self.to_end, self.done)
    }

    /// Of how many runs the store took no lease when they began.
    pub(super) fn refused(&self) -> u64 {
        self.without
    }

    fn period(&self) -> Duration {
        (self.time / 3).min(LONGEST_PERIOD)
    }
}

/// Leases are renewed as often also where they are longer: when the store's clock jumps ahead they
/// seem to have run out until then, for no longer than others wait before they believe it.
const LONGEST_PERIOD: Duration = Duration::from_secs(10);
/// So many leases wait to be given up while the store cannot; what others there are runs out by itself.
const MOST_UNENDED: usize = 4096;
/// How long a lease is kept that has run out and that nobody cares about. Its stream is gone by
/// then.
const KEPT: Duration = crate::DEFAULT_RETENTION_WHILE_RUNNING;

#[cfg(test)]
mod tests;
