//! What all handles of a publisher share.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

use tokio::sync::mpsc::{self, UnboundedSender};

use super::complaints::{Complaints, Lately};
use super::told;
use crate::Error;
use crate::error::Repr;
use crate::event::EventType;
use crate::job::{JobId, Run};
use crate::queue::{Lanes, Queue};
use crate::random::Random;
use crate::settings::Settings;
use crate::stats::{Reason, Report};
use crate::store::Store;
use crate::worker::{Control, Notice, Ticket, Worker, in_time};

pub(crate) struct Core {
    pub(crate) queue: Arc<Queue>,
    pub(crate) lanes: Arc<Lanes>,
    pub(crate) settings: Arc<Settings>,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) control: UnboundedSender<Control>,
    pub(crate) complaints: Complaints,
    pub(crate) run_ids: Random,
    is_used: AtomicBool,
}

impl Core {
    /// The worker is what serves the core; it holds none of it, so that it ends with the last
    /// handle.
    pub(super) fn new(store: Arc<dyn Store>, settings: Settings) -> (Arc<Self>, Worker) {
        let (control, controlled) = mpsc::unbounded_channel();
        let core = Self {
            queue: Arc::new(Queue::new(settings.queue_bytes)),
            lanes: Arc::default(),
            settings: Arc::new(settings),
            store,
            control,
            complaints: Complaints::default(),
            run_ids: Random::default(),
            is_used: AtomicBool::new(false),
        };
        let worker = Worker {
            queue: Arc::clone(&core.queue),
            lanes: Arc::clone(&core.lanes),
            store: Arc::clone(&core.store),
            settings: Arc::clone(&core.settings),
            control: controlled,
        };
        (Arc::new(core), worker)
    }

    /// A run begins that handles hold.
    pub(crate) fn is_used(self: &Arc<Self>) {
        if !self.is_used.load(Relaxed) && !self.is_used.swap(true, Relaxed) {
            told::is_used(self);
        }
    }

    /// Ends the runs that handles hold: nobody will take their ends.
    pub(crate) fn cut_short(&self) {
        if self.queue.is_left() {
            return;
        }
        for lane in self.lanes.all() {
            lane.open_runs().iter().for_each(Run::cut_short);
        }
    }

    /// Something was said that is part of no job: that is counted, and told once.
    pub(crate) fn outside_of_job(&self) {
        if self.queue.counters.outside_of_job() {
            self.say(Notice::Outside);
        }
    }

    /// Has the worker say this in the log: a caller may be in a callback of a subscriber, and must not
    /// wait for one.
    pub(crate) fn say(&self, notice: Notice) {
        let _ = self.try_say(notice);
    }

    /// The same, once a minute: it may be so at the rate of the calls. Where no worker is left to say it,
    /// the caller does, who is in no callback.
    pub(crate) fn complain(&self, lately: &Lately, complaint: impl FnOnce() -> Notice) {
        if lately.is_news(Instant::now())
            && let Some(notice) = self.try_say(complaint())
        {
            notice.tell();
        }
    }

    /// Gives it back where no worker is left to say it.
    fn try_say(&self, notice: Notice) -> Option<Notice> {
        if self.queue.is_left() {
            return Some(notice);
        }
        match self.control.send(Control::Say(notice)) {
            Err(mpsc::error::SendError(Control::Say(notice))) => Some(notice),
            _ => None,
        }
    }

    /// Drops this once the log has been told what was said before.
    pub(crate) fn pass(&self, ticket: Ticket) {
        let _ = self.control.send(Control::Pass(ticket));
    }

    /// Calls `done` when all that waits now is gone, or the time is up; from the worker's thread,
    /// or at once where that has ended. The last one of a process waits for what others have left in
    /// the spool, too.
    pub(crate) fn flush(
        &self,
        timeout: Duration,
        is_last: bool,
        done: impl FnOnce(Report) + Send + 'static,
    ) {
        if self.queue.is_left() {
            return done(self.report());
        }
        let flush = Control::Flush {
            marks: self.lanes.marks(),
            is_last,
            until: in_time(timeout),
            done: Box::new(done),
        };
        if let Err(mpsc::error::SendError(Control::Flush { done, .. })) = self.control.send(flush) {
            done(self.report());
        }
    }

    /// What there is to say where no worker is left to say it.
    pub(crate) fn report(&self) -> Report {
        let stats = self.queue.counters.stats();
        Report {
            complete: stats.pending == 0,
            stats,
        }
    }

    /// Why an event was not taken, for a caller who is told.
    pub(crate) fn refusal(&self, reason: Reason, event_type: &EventType, job: &JobId) -> Error {
        let (what, job) = (event_type.to_string(), job.to_string());
        match reason {
            Reason::QueueFull => Repr::QueueFull {
                what,
                job,
                limit: self.queue.limit(),
            }
            .into(),
            Reason::AfterEnd => Repr::Ended { what, job }.into(),
            // The others are of what was taken.
            Reason::ShutDown | Reason::Rejected | Reason::Expired => Repr::Closed.into(),
        }
    }
}

impl fmt::Debug for Core {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Core({:?})", self.store)
    }
}
