//! What was emitted and what is there, run by run.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use crate::evidence::{Evidence, Found, Life};
use crate::history::{Counts, Mark, What};

pub(super) struct Ledger<'a> {
    pub(super) evidence: &'a Evidence,
    /// By token.
    pub(super) runs: BTreeMap<&'a str, Run<'a>>,
    /// On a stream, and of no run that a producer began.
    pub(super) strays: Vec<(&'a str, &'a Found)>,
}

/// One run of a job.
pub(super) struct Run<'a> {
    pub(super) token: &'a str,
    pub(super) job: &'a str,
    pub(super) life: &'a Life,
    pub(super) emitted: Vec<&'a Mark>,
    /// Each of them was told to be there.
    pub(super) acked: BTreeSet<&'a Mark>,
    /// Whether an awaiting method has begun it.
    pub(super) is_awaiting: bool,
    /// What the stream has of it, in its order.
    pub(super) found: Vec<&'a Found>,
}

/// Jobs whose key is taken begin with this: nothing of theirs can be delivered.
pub(crate) const OCCUPIED: &str = "occupied";

impl<'a> Ledger<'a> {
    pub(super) fn new(evidence: &'a Evidence) -> Self {
        let mut ledger = Self {
            evidence,
            runs: BTreeMap::new(),
            strays: Vec::new(),
        };
        for life in &evidence.lives {
            ledger.read(life);
        }
        for (job, events) in &evidence.streams {
            ledger.sort(job, events);
        }
        ledger
    }

    /// The runs of a process.
    pub(super) fn of(&self, life: &Life) -> impl Iterator<Item = &Run<'a>> {
        self.runs
            .values()
            .filter(move |run| std::ptr::eq(run.life, life))
    }

    fn read(&mut self, life: &'a Life) {
        let mut flushes = Flushes::default();
        for line in &life.lines {
            match &line.what {
                What::Emits { job, awaits, mark } => {
                    let run = self.runs.entry(&mark.token).or_insert_with(|| Run {
                        token: &mark.token,
                        job,
                        life,
                        emitted: Vec::new(),
                        acked: BTreeSet::new(),
                        is_awaiting: *awaits,
                        found: Vec::new(),
                    });
                    run.emitted.push(mark);
                    flushes.occupied += u64::from(job.starts_with(OCCUPIED));
                }
                What::Acked(mark) => {
                    let run = self.runs.get_mut(&*mark.token).unwrap();
                    run.acked.insert(mark);
                }
                What::Refused { mark, why } if why != LATE => {
                    flushes.refused.insert(mark);
                }
                What::Done { token } => flushes.done.push(token),
                What::Flushes { number, token } => {
                    let run = token.as_ref().and_then(|token| self.runs.get(&**token));
                    flushes.begin(*number, run);
                }
                What::Flushed { number, counts } => flushes.end(*number, counts, &mut self.runs),
                _ => {}
            }
        }
    }

    fn sort(&mut self, job: &'a str, events: &'a [Found]) {
        let named = events.iter().filter_map(|event| {
            let token = event.token.as_deref()?;
            Some((&*event.run, token))
        });
        let tokens: HashMap<_, _> = named.collect();
        for event in events {
            let token = tokens.get(&*event.run);
            match token.and_then(|token| self.runs.get_mut(token)) {
                Some(run) if run.job == job => run.found.push(event),
                _ => self.strays.push((job, event)),
            }
        }
    }
}

/// What an awaiting method says of an event that may still arrive.
pub(crate) const LATE: &str = "timeout";

/// What a flush is of: so many of the runs that are done, and so many events of another one.
type Scope<'a> = (usize, Option<(&'a str, usize)>);

/// What a process has flushed.
#[derive(Default)]
struct Flushes<'a> {
    /// Runs of which all is handed over.
    done: Vec<&'a str>,
    /// So many of them are flushed.
    settled: usize,
    under_way: HashMap<u64, Scope<'a>>,
    refused: HashSet<&'a Mark>,
    /// Events of jobs whose key is taken.
    occupied: u64,
}

impl<'a> Flushes<'a> {
    fn begin(&mut self, number: u64, run: Option<&Run<'a>>) {
        let part = run.map(|run| (run.token, run.emitted.len()));
        self.under_way.insert(number, (self.done.len(), part));
    }

    /// A flush that is complete says that each event is delivered, coalesced or dropped. Which were
    /// dropped it does not say; never a start or an end that was taken.
    fn end(&mut self, number: u64, counts: &Counts, runs: &mut BTreeMap<&'a str, Run<'a>>) {
        let Some((done, part)) = self.under_way.remove(&number).filter(|_| counts.complete) else {
            return;
        };
        let is_certain = counts.dropped == 0 && counts.rejected <= self.occupied;
        let whole = self.settled.min(done)..done;
        let whole = self.done[whole].iter().map(|token| (*token, usize::MAX));
        for (token, upto) in whole.chain(part) {
            let Some(run) = runs.get_mut(token) else {
                continue;
            };
            let sure = run.emitted.iter().take(upto).filter(|mark| {
                let is_lifecycle = mark.is_end() || mark.index == 0;
                let counts = is_lifecycle || (is_certain && mark.kind != "task_progress");
                counts && !self.refused.contains(*mark)
            });
            run.acked.extend(sure);
        }
        self.settled = self.settled.max(done);
    }
}
