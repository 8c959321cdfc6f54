//! What a publisher's handles ask of its worker, beside events: on a channel that is never full.

use std::sync::Weak;
use std::time::{Duration, Instant};

use super::log::Ticket;
use super::notice::Notice;
use crate::queue::{Mark, Waiter};
use crate::stats::{Counters, Report};

/// When so much time is up from now on; of a time beyond all clocks, in a hundred years.
pub(crate) fn in_time(timeout: Duration) -> Instant {
    let now = Instant::now();
    now.checked_add(timeout).unwrap_or_else(|| now + CENTURY)
}

const CENTURY: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

/// Told the outcome of a flush or a shutdown.
pub(crate) type Done = Box<dyn FnOnce(Report) + Send>;

pub(crate) enum Control {
    /// Tell when all that is marked is gone, or at the latest then.
    Flush {
        marks: Vec<Mark>,
        /// Whether the process ends then, so that what others have left is waited for, too.
        is_last: bool,
        until: Instant,
        done: Done,
    },
    /// Someone waits for one event, for so long.
    Await {
        waiter: Weak<Waiter>,
        until: Instant,
    },
    /// Say this in the log.
    Say(Notice),
    /// Drop this once it has been told what was said before.
    Pass(Ticket),
    /// Take nothing more, deliver what there is, and end, at the latest then.
    Shutdown { until: Instant, done: Done },
}

/// The flushes that are not answered yet.
#[derive(Default)]
pub(super) struct Flushes(Vec<Flush>);

struct Flush {
    marks: Vec<Mark>,
    is_last: bool,
    /// How many leases had been to give up when the marks were passed.
    leases: Option<u64>,
    until: Instant,
    done: Done,
}

impl Flushes {
    pub(super) fn add(&mut self, marks: Vec<Mark>, is_last: bool, until: Instant, done: Done) {
        self.0.push(Flush {
            marks,
            is_last,
            leases: None,
            until,
            done,
        });
    }

    /// Answers those for which nothing is left to wait: neither an event nor a lease of a run that
    /// has ended, of which so many were to be given up and are; nor, for the last, what others have
    /// left.
    pub(super) fn answer_passed(
        &mut self,
        (to_end, done): (u64, u64),
        has_restored: bool,
        counters: &Counters,
    ) {
        for flush in &mut self.0 {
            flush.marks.retain(|mark| !mark.is_passed());
            if flush.marks.is_empty() {
                flush.leases.get_or_insert(to_end);
            }
        }
        let is_passed = |flush: &Flush| flush.leases.is_some_and(|leases| leases <= done);
        let is_due = |flush: &Flush| is_passed(flush) && (has_restored || !flush.is_last);
        self.answer(is_due, |_| true, counters);
    }

    /// Answers those whose time is up.
    pub(super) fn answer_late(&mut self, now: Instant, counters: &Counters) {
        // What others have left stays where it is, and is none of what was to be delivered.
        let is_complete = |flush: &Flush| flush.is_last && flush.leases.is_some();
        self.answer(|flush| flush.until <= now, is_complete, counters);
    }

    pub(super) fn answer_all(&mut self, report: Report) {
        for flush in self.0.drain(..) {
            (flush.done)(report);
        }
    }

    pub(super) fn next_late(&self) -> Option<Instant> {
        self.0.iter().map(|flush| flush.until).min()
    }

    fn answer(
        &mut self,
        is_due: impl Fn(&Flush) -> bool,
        is_complete: impl Fn(&Flush) -> bool,
        counters: &Counters,
    ) {
        for flush in self.0.extract_if(.., |flush| is_due(flush)) {
            let complete = is_complete(&flush);
            (flush.done)(Report {
                complete,
                stats: counters.stats(),
            });
        }
    }
}
