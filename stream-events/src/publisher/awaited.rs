//! Events whose caller waits for what becomes of them: the run that each belongs to, and its outcome.

use std::sync::Arc;

use super::Publisher;
use super::limit::named;
use crate::error::Repr;
use crate::event::EventType;
use crate::job::{JobId, Run};
use crate::queue::{Outcome, Waiter};
use crate::stats::Reason;
use crate::worker::{Control, in_time};
use crate::{Error, ErrorKind, EventId, Fields};

impl Publisher {
    /// A fork cannot publish, nor take a lock to find out what it would.
    pub(super) fn in_own_process(&self) -> Result<(), Error> {
        if self.core.queue.is_left() {
            return Err(Repr::Forked.into());
        }
        Ok(())
    }

    /// The run that an event of the job belongs to.
    pub(super) fn run_of(
        &self,
        job_id: impl TryInto<JobId, Error: Into<Error>>,
        task_type: Option<&str>,
    ) -> Result<Arc<Run>, Error> {
        let job = job_id.try_into().map_err(Into::into)?;
        self.in_own_process()?;
        let task_type = task_type.map(|name| named("task type", name)).transpose()?;
        let open = self
            .core
            .lanes
            .find(&job)
            .and_then(|lane| lane.open_runs().pop());
        Ok(open.unwrap_or_else(|| Run::begun_elsewhere(&self.core, job, task_type)))
    }

    /// The run that an end of the job belongs to: first that which was started by name.
    pub(super) fn ending_run(
        &self,
        job_id: impl TryInto<JobId, Error: Into<Error>>,
        task_type: &str,
    ) -> Result<Arc<Run>, Error> {
        let job = job_id.try_into().map_err(Into::into)?;
        self.in_own_process()?;
        match self.open.take(&job) {
            Some(run) => Ok(run),
            None => self.run_of(job, Some(task_type)),
        }
    }

    /// An end that found no room can be given again: its run stays open.
    pub(super) async fn ended(
        &self,
        event_type: &EventType,
        run: &Arc<Run>,
        emit: impl FnOnce(Option<Arc<Waiter>>) -> Result<(), Reason>,
    ) -> Result<EventId, Error> {
        let ended = self.acknowledged(event_type, &run.job, emit).await;
        if matches!(&ended, Err(error) if error.kind() == ErrorKind::QueueFull) {
            self.open.keep(run);
        }
        ended
    }

    pub(super) async fn emitted(
        &self,
        run: &Arc<Run>,
        event_type: EventType,
        fields: Fields,
    ) -> Result<EventId, Error> {
        let emit = |waiter| run.emit(event_type.clone(), fields, waiter);
        self.acknowledged(&event_type, &run.job, emit).await
    }

    /// Emits and waits for what becomes of it. The worker keeps the time, so that any runtime will
    /// do.
    pub(crate) async fn acknowledged(
        &self,
        event_type: &EventType,
        job: &JobId,
        emit: impl FnOnce(Option<Arc<Waiter>>) -> Result<(), Reason>,
    ) -> Result<EventId, Error> {
        let (waiter, outcome) = Waiter::new();
        let until = in_time(self.core.settings.publish_timeout);
        let wait = Control::Await {
            waiter: Arc::downgrade(&waiter),
            until,
        };
        emit(Some(waiter)).map_err(|reason| self.core.refusal(reason, event_type, job))?;
        // Without a worker nothing waits: the event has been told so already.
        let _ = self.core.control.send(wait);
        let (what, store) = (event_type.to_string(), self.core.store.shown().to_owned());
        match outcome.await {
            Ok(Outcome::Delivered(id)) => Ok(id),
            Ok(Outcome::Rejected(why)) => Err(Repr::Rejected { what, store, why }.into()),
            Ok(Outcome::Expired) => Err(Repr::Expired { what, store }.into()),
            Ok(Outcome::ShutDown { may_arrive: false }) => Err(Repr::Closed.into()),
            Ok(Outcome::ShutDown { may_arrive: true }) => {
                Err(Repr::Unanswered { what, store }.into())
            }
            Ok(Outcome::Spooled) => Err(Repr::Spooled { what }.into()),
            Err(_gave_up) => Err(Repr::Timeout {
                what,
                store,
                waited: self.core.settings.publish_timeout,
                why: self.core.queue.trouble(),
            }
            .into()),
        }
    }
}
