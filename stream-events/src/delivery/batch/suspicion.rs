//! A batch under suspicion: one of its events may be what the store, or what lies before it, cannot
//! bear.

use std::time::Duration;

use super::{Batch, State};
use crate::store::Class;

/// Which part of a batch is tried, and what came of it. Halved with each try that fails, it comes
/// down to one event; that is struck, and rests longer each time, so that all others go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Suspicion {
    /// How many of the events are tried at once.
    pub(super) width: usize,
    /// Whether the store is to be seen to answer before the next try, so that it is not the store's
    /// fault when the connection breaks.
    pub(super) wants_probe: bool,
    strikes: u32,
    /// What others had been taken at the last strike.
    taken: u64,
}

/// What a failed try means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Try less at once.
    Narrower,
    /// It is this event, or bad luck: try again after this time.
    Rest(Duration),
    /// It is this event.
    Guilty,
}

/// So many failed tries of one event alone are no bad luck. With the rests between them, that is
/// about 8 s.
pub(in crate::delivery) const STRIKES: u32 = 5;
const FIRST_REST: Duration = Duration::from_millis(250);

impl Suspicion {
    pub(super) fn of(events: usize, taken: u64) -> Self {
        Self {
            width: events.div_ceil(2),
            wants_probe: false,
            strikes: 0,
            taken,
        }
    }

    /// The part that was tried is through: the next may be larger.
    pub(super) fn passed(&mut self) {
        self.width *= 2;
        self.strikes = 0;
    }

    /// The connection broke in the try, just after the store had answered.
    pub(super) fn broke(&mut self, taken: u64) -> Verdict {
        self.wants_probe = true;
        self.failed(true, taken)
    }

    /// The store refused the try, in words that we do not know. That is the event's fault only where
    /// others are taken meanwhile.
    pub(super) fn refused(&mut self, taken: u64) -> Verdict {
        self.failed(taken > self.taken, taken)
    }

    fn failed(&mut self, has_evidence: bool, taken: u64) -> Verdict {
        if self.width > 1 {
            self.width = self.width.div_ceil(2);
            return Verdict::Narrower;
        }
        self.taken = taken;
        self.strikes += u32::from(has_evidence);
        if self.strikes >= STRIKES {
            return Verdict::Guilty;
        }
        Verdict::Rest(FIRST_REST * (1 << self.strikes.saturating_sub(1)))
    }
}

/// After so many broken connections in a row a batch is tried alone, and then in parts.
pub(in crate::delivery) const SUSPECT_AFTER: u32 = 3;

impl Batch {
    /// The connection broke. A batch that was on its way time after time may be the reason; `taken`
    /// is what the store has taken of all batches. Says whether the batch has something to say to
    /// that, rather than just being sent again.
    pub(in crate::delivery) fn broke(&mut self, taken: u64) -> bool {
        if !std::mem::take(&mut self.is_sent) {
            return false;
        }
        self.breaks += 1;
        self.may_be_there = true;
        match &mut self.suspicion {
            Some(suspicion) if suspicion.wants_probe => {}
            Some(suspicion) => {
                let verdict = suspicion.broke(taken);
                self.judge(verdict, "the connection broke each time that it was sent");
            }
            None if self.breaks >= SUSPECT_AFTER => {
                let mut suspicion = Suspicion::of(self.open.len(), taken);
                suspicion.wants_probe = true;
                self.suspicion = Some(suspicion);
            }
            None => {}
        }
        matches!(self.state, State::Suspected(..))
    }

    /// What was on its way is not the reason that the connection is left.
    pub(in crate::delivery) fn did_not_break(&mut self) {
        self.may_be_there |= std::mem::take(&mut self.is_sent);
    }

    /// A refusal in words that we do not know may be one event's fault.
    pub(super) fn suspect_refused(&mut self, taken: u64) {
        let why = match &mut self.state {
            State::Refused(fault) if fault.class == Class::Odd => std::mem::take(&mut fault.why),
            _ => return,
        };
        let events = self.open.len();
        let suspicion = self
            .suspicion
            .get_or_insert_with(|| Suspicion::of(2 * events, taken));
        let verdict = suspicion.refused(taken);
        self.state = State::ToAppend;
        self.judge(verdict, &why);
    }

    fn judge(&mut self, verdict: Verdict, why: &str) {
        match verdict {
            Verdict::Narrower => {}
            Verdict::Rest(rest) => self.state = State::Suspected(rest),
            Verdict::Guilty if self.may_be_there => {
                self.condemned = Some(why.to_owned());
                if let Some(suspicion) = &mut self.suspicion {
                    suspicion.wants_probe = true;
                }
            }
            Verdict::Guilty => self.reject_first(why),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suspicion_comes_down_to_one_event_and_strikes_it_only_on_evidence() {
        let mut suspicion = Suspicion::of(256, 0);
        let mut tries = 0;
        while suspicion.width > 1 {
            assert_eq!(suspicion.refused(0), Verdict::Narrower);
            tries += 1;
        }
        assert_eq!(tries, 7);
        for _ in 0..20 {
            let verdict = suspicion.refused(0);
            assert_eq!(verdict, Verdict::Rest(FIRST_REST), "no evidence");
        }
        for strike in 0..STRIKES - 1 {
            let verdict = suspicion.broke(0);
            assert_eq!(verdict, Verdict::Rest(FIRST_REST * (1 << strike)));
        }
        assert_eq!(suspicion.refused(1), Verdict::Guilty, "others were taken");
    }
}
