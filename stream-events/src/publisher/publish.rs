//! The methods that await the store's acknowledgement: those of the Python publisher, for code that
//! has no run of its own.

use serde::Serialize;

use super::Publisher;
use super::limit::{named, within_limit};
use crate::event::{EventType, Object, value};
use crate::job::{FailureKind, JobId, PROGRESS_KEYS, Plan, Run};
use crate::{Error, EventId, Fields};

/// # The methods that await
///
/// Each returns the event's id once the store has acknowledged it.
///
/// The events belong to the job's open run: that of an annotated function or [`Job`](crate::Job) of
/// this process, or that which `publish_task_started` began, until `publish_task_completed` or
/// `publish_task_failed` ends it; started again, the earlier run ends as `cancelled`. Where there
/// is none, an event is a run of its own. `fields` is what serialises to an object (a struct, a
/// map, `json!({..})`), or `()` for none.
///
/// # Errors
///
/// [`InvalidJobId`](crate::ErrorKind::InvalidJobId),
/// [`InvalidEvent`](crate::ErrorKind::InvalidEvent), [`TooLarge`](crate::ErrorKind::TooLarge) (more
/// than [`MAX_PAYLOAD`](crate::MAX_PAYLOAD)), [`QueueFull`](crate::ErrorKind::QueueFull) and
/// [`Closed`](crate::ErrorKind::Closed): nothing was sent, or it waits in the spool for the next
/// process, which [`may_still_arrive`](crate::Error::may_still_arrive) tells.
/// [`Rejected`](crate::ErrorKind::Rejected): the store refused it for good.
/// [`Timeout`](crate::ErrorKind::Timeout): no acknowledgement within
/// [`publish_timeout`](crate::Builder::publish_timeout); the event stays queued and may still
/// arrive, as it does where the future is dropped, unless its
/// [`delivery_timeout`](crate::Builder::delivery_timeout) is up. Or none before a shutdown's time was up:
/// it was sent, and may have arrived.
impl Publisher {
    /// Appends an event of the caller's own type, which `data` names in its member `event_type`;
    /// `unknown` where it names none; the names of lifecycle events are a run's own and get a
    /// trailing `_`. A member `task_type` names the kind of work.
    pub async fn publish_event<T: Serialize + ?Sized>(
        &self,
        job_id: impl TryInto<JobId, Error: Into<Error>>,
        data: &T,
    ) -> Result<EventId, Error> {
        let mut object = Object::of("the event", data)?;
        let event_type = object.take_string("event_type")?;
        let task_type = object.take_string("task_type")?;
        let event_type = named("event type", event_type.as_deref().unwrap_or_default())?;
        let event_type = EventType::domain(event_type);
        let fields = within_limit(&event_type, object.into_fields())?;
        let run = self.run_of(job_id, task_type.as_deref())?;
        let fields = with_task_type(fields, &run, task_type.as_deref());
        self.emitted(&run, event_type, fields).await
    }

    /// Appends `task_started` and begins a run, which later events of the job belong to.
    pub async fn publish_task_started<T: Serialize + ?Sized>(
        &self,
        job_id: impl TryInto<JobId, Error: Into<Error>>,
        task_type: &str,
        fields: &T,
    ) -> Result<EventId, Error> {
        let job = job_id.try_into().map_err(Into::into)?;
        self.in_own_process()?;
        let task_type = named("task type", task_type)?;
        let event_type = EventType::TaskStarted;
        let fields = within_limit(&event_type, Fields::from_object(fields)?)?;
        if let Some(earlier) = self.open.take(&job) {
            earlier.displaced();
        }
        let begin = |waiter| {
            let run = Run::begin(
                &self.core,
                Plan::new(job.clone(), task_type.to_owned()).fields(fields),
                waiter,
            )?;
            self.open.keep(&run);
            Ok(())
        };
        self.acknowledged(&event_type, &job, begin).await
    }

    /// Appends `task_progress`; `progress` is a sentence for people. Of `fields`, `step`,
    /// `current`, `total` and `percent` are known to readers.
    pub async fn publish_task_progress<T: Serialize + ?Sized>(
        &self,
        job_id: impl TryInto<JobId, Error: Into<Error>>,
        task_type: &str,
        progress: &str,
        fields: &T,
    ) -> Result<EventId, Error> {
        let event_type = EventType::TaskProgress;
        let mut object = Object::of("the event", fields)?;
        let standard = PROGRESS_KEYS
            .into_iter()
            .filter_map(|key| Some((key, object.take(key)?)));
        let own = standard.fold(
            Fields::new().own("progress", progress),
            |own, (key, value)| own.own(key, &value),
        );
        let fields = within_limit(&event_type, own.and(&object.into_fields()))?;
        let run = self.run_of(job_id, Some(task_type))?;
        let fields = with_task_type(fields, &run, Some(task_type));
        self.emitted(&run, event_type, fields).await
    }

    /// Appends `task_completed` with this `result`, and ends the run.
    pub async fn publish_task_completed<R: Serialize + ?Sized, T: Serialize + ?Sized>(
        &self,
        job_id: impl TryInto<JobId, Error: Into<Error>>,
        task_type: &str,
        result: &R,
        fields: &T,
    ) -> Result<EventId, Error> {
        let event_type = EventType::TaskCompleted;
        let fields = Fields::from_object(fields)?;
        let result = value::json("the result", result)?;
        within_limit(
            &event_type,
            Fields::new().own("result", &result).and(&fields),
        )?;
        let run = self.ending_run(job_id, task_type)?;
        let fields = with_task_type(fields, &run, Some(task_type));
        self.ended(&event_type, &run, |waiter| {
            run.complete(&result, &fields, waiter)
        })
        .await
    }

    /// Appends `task_failed` with `error_kind` `error` and this text, and ends the run.
    pub async fn publish_task_failed<T: Serialize + ?Sized>(
        &self,
        job_id: impl TryInto<JobId, Error: Into<Error>>,
        task_type: &str,
        error: &str,
        fields: &T,
    ) -> Result<EventId, Error> {
        let event_type = EventType::TaskFailed;
        let fields = Fields::from_object(fields)?;
        within_limit(&event_type, Fields::new().own("error", error).and(&fields))?;
        let run = self.ending_run(job_id, task_type)?;
        let fields = with_task_type(fields, &run, Some(task_type));
        self.ended(&event_type, &run, |waiter| {
            run.fail(FailureKind::Error, error, &fields, waiter)
        })
        .await
    }

    /// Appends `outline_generated` with this `outline`, such as `{"title": …, "nodes": […]}`.
    pub async fn publish_outline_generated<T: Serialize + ?Sized>(
        &self,
        job_id: impl TryInto<JobId, Error: Into<Error>>,
        outline: &T,
    ) -> Result<EventId, Error> {
        self.publish_one("outline_generated", "outline", job_id, outline)
            .await
    }

    /// Appends `document_generated` with this `document`, such as `{"title": …, "content": …,
    /// "word_count": …}`.
    pub async fn publish_document_generated<T: Serialize + ?Sized>(
        &self,
        job_id: impl TryInto<JobId, Error: Into<Error>>,
        document: &T,
    ) -> Result<EventId, Error> {
        self.publish_one("document_generated", "document", job_id, document)
            .await
    }

    async fn publish_one<T: Serialize + ?Sized>(
        &self,
        event_type: &str,
        key: &str,
        job_id: impl TryInto<JobId, Error: Into<Error>>,
        value: &T,
    ) -> Result<EventId, Error> {
        let value = value::json(&format!("the {key}"), value)?;
        let event_type = EventType::domain(event_type);
        let fields = within_limit(&event_type, Fields::new().field(key, &value))?;
        let run = self.run_of(job_id, None)?;
        self.emitted(&run, event_type, fields).await
    }
}

/// The run that is open has a task type of its own; another one that is given is kept beside it.
fn with_task_type(fields: Fields, run: &Run, given: Option<&str>) -> Fields {
    match given.filter(|given| run.task_type() != Some(given)) {
        Some(given) => fields.field("task_type", given),
        None => fields,
    }
}
