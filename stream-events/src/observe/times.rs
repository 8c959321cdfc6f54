//! What happens beside a job that waits: it is seen to be at work, and its time may be over. Compiled
//! once, and not for each annotated function.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::task::{Context, Poll};
use std::time::Duration;

use super::stage::AtWork;
use super::start::Begin;
use crate::Elapsed;
use crate::job::{FailureKind, Job, Worker};
use crate::timer::Alarm;

/// What the attribute asks for.
#[derive(Clone, Copy, Default)]
pub(super) struct Asked {
    /// Holds without a publisher too.
    pub(super) timeout: Option<Duration>,
    pub(super) heartbeat: Option<Duration>,
}

/// Counted from where the job is first polled. Most jobs have none, and it is a word then.
#[derive(Default)]
pub(super) struct Times(Option<Box<Running>>);

struct Running {
    deadline: Option<(Elapsed, Alarm)>,
    beat: Option<(Duration, Alarm)>,
}

impl Times {
    /// A job is polled for the first time.
    pub(super) fn begin(begin: Begin) -> AtWork {
        let asked = begin.asked;
        let worker = begin.worker();
        let times = Self::start(asked, worker.as_ref().and_then(Worker::run));
        AtWork { worker, times }
    }

    fn start(asked: Asked, run: Option<&Job>) -> Self {
        let deadline = asked.timeout;
        let deadline = deadline.map(|after| (Elapsed::new(after), Alarm::after(after)));
        let every = asked.heartbeat.filter(|_| run.is_some());
        let beat = every.map(|every| (every, Alarm::after(every)));
        let is_asked = deadline.is_some() || beat.is_some();
        Self(is_asked.then(|| Box::new(Running { deadline, beat })))
    }

    /// Has a job beat that was polled and waits. Ready where its time is over.
    pub(super) fn poll(&mut self, run: Option<&Job>, context: &mut Context<'_>) -> Poll<Elapsed> {
        let Some(running) = &mut self.0 else {
            return Poll::Pending;
        };
        if let Some(run) = run {
            running.beat(run, context);
        }
        match &mut running.deadline {
            Some((elapsed, alarm)) => alarm.poll(context).map(|()| *elapsed),
            None => Poll::Pending,
        }
    }
}

impl Running {
    fn beat(&mut self, run: &Job, context: &mut Context<'_>) {
        let Some((every, alarm)) = &mut self.beat else {
            return;
        };
        while alarm.poll(context).is_ready() {
            *alarm = Alarm::after(run.beat(*every).max(SHORTEST_BEAT));
        }
    }
}

/// Drops a job whose time is over. What its destructors say still comes before the end.
pub(super) fn give_up(worker: Option<&Worker>, elapsed: Elapsed, job: &mut dyn FnMut()) {
    let Some(worker) = worker else { return job() };
    let dropped = catch_unwind(AssertUnwindSafe(|| worker.enter(job)));
    if let Some(run) = worker.run() {
        run.fail(FailureKind::Timeout, &elapsed.to_string());
    }
    dropped.unwrap_or_else(|panic| resume_unwind(panic));
}

/// A job that beats more often has something to say of its own.
pub(super) const SHORTEST_BEAT: Duration = Duration::from_millis(100);
