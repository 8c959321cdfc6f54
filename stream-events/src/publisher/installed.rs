//! The publisher of the process.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock, mpsc};
use std::time::{Duration, Instant};

use super::Publisher;
use crate::process::is_heard;
use crate::stats::Report;
use crate::timer;
use crate::worker::Ticket;

/// How long the guard of [`Publisher::install`] waits for events to be delivered when it is
/// dropped.
pub const DEFAULT_FLUSH_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a log may take for what is to be said at the end.
const HEARD_WITHIN: Duration = Duration::from_secs(1);

static INSTALLED: RwLock<Option<Publisher>> = RwLock::new(None);
/// So that an annotated function without a publisher costs one load.
static IS_INSTALLED: AtomicBool = AtomicBool::new(false);

/// The publisher that annotated functions use.
#[inline]
pub(crate) fn current() -> Option<Publisher> {
    #[cfg(feature = "testing")]
    if let Some(of_test) = crate::testing::current() {
        return Some(of_test);
    }
    if IS_INSTALLED.load(Ordering::Acquire) {
        installed()
    } else {
        None
    }
}

fn installed() -> Option<Publisher> {
    let installed = INSTALLED.read();
    installed.unwrap_or_else(PoisonError::into_inner).clone()
}

/// Does this with it, where there is one: it may not ask for another, nor wait.
pub(crate) fn with_current(act: impl FnOnce(&Publisher)) {
    #[cfg(feature = "testing")]
    if let Some(of_test) = crate::testing::current() {
        return act(&of_test);
    }
    if IS_INSTALLED.load(Ordering::Acquire)
        && let Some(installed) = &*INSTALLED.read().unwrap_or_else(PoisonError::into_inner)
    {
        act(installed);
    }
}

/// Keeps a publisher installed. Dropping it ends the runs that are still open as `cancelled`, since
/// what `main` leaves behind does not come to its end, and flushes, for at most
/// [`DEFAULT_FLUSH_TIMEOUT`], also inside a runtime, whose thread it blocks for that long; what
/// others have left in the spool is brought back within that time. What is to be said in the log by then is
/// waited for, too, for a second more at most. From then on annotated functions just run.
#[must_use = "dropping it at once leaves the process without a publisher; bind it to a name for as long as `main` runs"]
#[derive(Debug)]
pub struct Installed {
    publisher: Publisher,
}

impl Installed {
    pub(super) fn new(publisher: Publisher) -> Self {
        let mut installed = INSTALLED.write().unwrap_or_else(PoisonError::into_inner);
        let earlier = installed.replace(publisher.clone());
        IS_INSTALLED.store(true, Ordering::Release);
        drop(installed);
        // It may be its last handle: that is no work to do under the lock.
        drop(earlier);
        crate::job::installed();
        Self { publisher }
    }

    /// The publisher that is installed.
    #[must_use]
    pub fn publisher(&self) -> &Publisher {
        &self.publisher
    }

    /// Leaves the process without a publisher; not where another has taken this one's place.
    fn uninstall(&self) -> bool {
        let mut installed = INSTALLED.write().unwrap_or_else(PoisonError::into_inner);
        let is_ours = |current: &mut Publisher| Arc::ptr_eq(&current.core, &self.publisher.core);
        let was_ours = installed.take_if(is_ours).is_some();
        if was_ours {
            IS_INSTALLED.store(false, Ordering::Release);
        }
        was_ours
    }

    fn flush(&self) -> Option<Report> {
        let (done, report) = mpsc::channel();
        self.publisher
            .core
            .flush(DEFAULT_FLUSH_TIMEOUT, true, move |outcome| {
                done.send(outcome).ok();
            });
        // The worker answers in time; a little more is for its thread to be scheduled.
        report
            .recv_timeout(DEFAULT_FLUSH_TIMEOUT + Duration::from_secs(1))
            .ok()
    }

    /// Whether what the worker says can be waited for: not in a fork, which has none of its threads, nor
    /// in a callback of a subscriber, for which the log itself may wait. `tracing` knows that on all threads
    /// as long as one of them has a subscriber of its own, as the worker's has.
    fn can_hear(&self) -> bool {
        !self.publisher.core.queue.is_left() && is_heard()
    }
}

/// Waits until this ticket's turn has come, for so long at most.
fn passed(time: Duration, pass: impl FnOnce(Ticket)) {
    let (ticket, passed) = mpsc::channel::<()>();
    pass(Ticket::new(ticket));
    let _ = passed.recv_timeout(time);
}

impl Drop for Installed {
    fn drop(&mut self) {
        let (can_hear, began) = (self.can_hear(), Instant::now());
        if can_hear {
            // What is looked at just now has nobody to tell without a publisher.
            passed(HEARD_WITHIN, timer::pass);
        }
        let left = HEARD_WITHIN.saturating_sub(began.elapsed());
        if self.uninstall() {
            self.publisher.core.cut_short();
        }
        let flushed = self.flush();
        if can_hear {
            passed(left, |ticket| self.publisher.core.pass(ticket));
        }
        match flushed {
            Some(report) if report.complete => {}
            Some(report) => {
                tracing::warn!(target: "stream_events", "not all job events were delivered: {report}")
            }
            None => {
                tracing::error!(target: "stream_events", "the publisher's thread does not answer; job events may be lost")
            }
        }
    }
}
