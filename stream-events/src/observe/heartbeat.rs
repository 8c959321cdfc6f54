//! `heartbeat`: a job that says nothing is seen to be at work.

use std::future::Future;
use std::pin::Pin;
use std::task::Context;
use std::time::Duration;

use tokio::time::Sleep;

use super::start::Start;
use crate::job::Job;
use crate::timer;

impl Start {
    /// Says where the job stands again, where nothing else was said for this long.
    pub fn heartbeat(mut self, every: Duration) -> Self {
        self.heartbeat = Some(every.max(SHORTEST));
        self.with(|plan| plan.has_heartbeat = true)
    }
}

/// Has a job beat as it is polled, and woken up for that.
pub(super) struct Heartbeat(Option<(Duration, Pin<Box<Sleep>>)>);

impl Heartbeat {
    pub(super) const NONE: Self = Self(None);

    /// None either where there is nobody to tell the time.
    pub(super) fn new(every: Option<Duration>) -> Self {
        Self(every.and_then(|every| Some((every, Box::pin(timer::sleep(every)?)))))
    }

    /// To be asked where the job waits.
    pub(super) fn poll(&mut self, run: &Job, context: &mut Context<'_>) {
        let Some((every, sleep)) = &mut self.0 else {
            return;
        };
        while sleep.as_mut().poll(context).is_ready() {
            let next = run.beat(*every).max(SHORTEST);
            let Some(again) = timer::sleep(next) else {
                return self.0 = None;
            };
            sleep.as_mut().set(again);
        }
    }
}

/// A job that beats more often has something to say of its own.
const SHORTEST: Duration = Duration::from_millis(100);
