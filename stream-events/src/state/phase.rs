//! A phase of a job: what its span has said.

use std::time::{Duration, SystemTime};

use super::JobState;
use super::bounds::{self, MOST_PHASES};
use crate::Number;
use crate::event::Facts;

/// A phase of a run, as `progress_span!` shows it.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Phase {
    /// Its number within the run, from 1.
    pub number: u64,
    /// The number of the phase that it is part of.
    pub parent: Option<u64>,
    /// What it says of itself.
    pub name: Option<String>,
    /// The step that it is.
    pub step: Option<String>,
    /// When it began: its first event, or, where that is missing, as its end tells.
    pub started: Option<SystemTime>,
    /// When it ended.
    pub ended: Option<SystemTime>,
    /// How many of [`total`](Self::total) are done.
    pub current: Option<Number>,
    /// How many there are.
    pub total: Option<Number>,
    /// How much is done, from 0 to 100.
    pub percent: Option<f64>,
    /// How many are done in a second.
    pub rate: Option<f64>,
    /// About how long the rest takes, when it was said.
    pub eta: Option<Duration>,
}

impl JobState {
    /// Takes in what a phase says. It says all of it each time.
    pub(super) fn take_phase(&mut self, number: u64, facts: &Facts<'_>, at: SystemTime) {
        let known = self.phases.iter().position(|phase| phase.number == number);
        let at_work = known.and_then(|nth| self.phases.get(nth));
        let took = facts.millis("elapsed_ms");
        let began = || took.and_then(|took| at.checked_sub(took)).or(Some(at));
        let phase = Phase {
            number,
            parent: facts.count("parent_phase"),
            name: facts.text("progress").map(bounds::text),
            step: facts.text("step").map(bounds::name),
            started: at_work.map_or_else(began, |phase| phase.started),
            ended: took.map(|_| at),
            current: facts.number("current"),
            total: facts.number("total"),
            percent: facts.float("percent"),
            rate: facts.float("rate"),
            eta: facts.millis("eta_ms"),
        };
        match known {
            Some(nth) => self.phases[nth] = phase,
            None => self.add_phase(phase),
        }
    }

    /// Those that have ended go first, the oldest of them.
    fn add_phase(&mut self, phase: Phase) {
        if self.phases.len() >= MOST_PHASES {
            let over = self.phases.iter().position(|phase| phase.ended.is_some());
            self.phases.remove(over.unwrap_or(0));
        }
        self.phases.push(phase);
    }
}
