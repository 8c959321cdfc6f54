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

/// What was ever to be done beside the events, and how much of it is: leases to be given up, events to be
/// told to the index.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tidied(pub(super) [u64; 2]);

impl Tidied {
    pub(super) fn has(self, other: Self) -> bool {
        self.0.iter().zip(other.0).all(|(has, other)| *has >= other)
    }
}

/// The flushes that are not answered yet.
#[derive(Default)]
pub(super) struct Flushes(Vec<Flush>);

struct Flush {
    marks: Vec<Mark>,
    is_last: bool,
    /// How much there had been to tidy up when the marks were passed.
    tidies: Option<Tidied>,
    until: Instant,
    done: Done,
}

impl Flushes {
    pub(super) fn add(&mut self, marks: Vec<Mark>, is_last: bool, until: Instant, done: Done) {
        self.0.push(Flush {
            marks,
            is_last,
            tidies: None,
            until,
            done,
        });
    }

    /// Answers those for which nothing is left to wait: neither an event nor what is tidied up behind
    /// it, of which so much was to be done and is; nor, for the last, what others have left.
    pub(super) fn answer_passed(
        &mut self,
        [to_do, done]: [Tidied; 2],
        has_restored: bool,
        counters: &Counters,
    ) {
        for flush in &mut self.0 {
            flush.marks.retain(|mark| !mark.is_passed());
            if flush.marks.is_empty() {
                flush.tidies.get_or_insert(to_do);
            }
        }
        let is_passed = |flush: &Flush| flush.tidies.is_some_and(|tidies| done.has(tidies));
        let is_due = |flush: &Flush| is_passed(flush) && (has_restored || !flush.is_last);
        self.answer(is_due, |_| true, counters);
    }

    /// Answers those whose time is up.
    pub(super) fn answer_late(&mut self, now: Instant, counters: &Counters) {
        // What others have left stays where it is, and is none of what was to be delivered.
        let is_complete = |flush: &Flush| flush.is_last && flush.tidies.is_some();
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
