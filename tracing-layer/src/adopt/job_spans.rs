//! Which spans of others are jobs, and how they tell what became of them.

use tracing::level_filters::LevelFilter;
use tracing::{Level, Metadata};

use super::signs::{Afterwards, Failure, Unsaid};

/// Spans that a framework opens for each of its jobs, and that carry the job's id: with
/// [`Builder::job_spans`](crate::Builder::job_spans) each of them is a run, with no annotation at all.
///
/// A span that closes is no success: it closes just the same where the job failed, or was given up. So
/// a run ends as the framework says, by an event of its own in the span or right behind it, and where it
/// says nothing as it is written for each below. A thread that panics in the span ends the run as `panic`.
///
/// The run begins where the span is first entered, or where the last field that it needs is recorded.
/// It stays at work for as long as anyone keeps the span, such as a spawned task that is inside of
/// it. A function with `#[job_events]` that is called in it with the same job id is no second run: it
/// joins, and tells how the run ends. Only where a span is opened in the `scope` of another job, or in
/// a function with `#[job_events]`, what is said in it belongs to that one, as ever. Where a run cannot
/// begin, as of an id that names no job, the log has an error, at most once a minute, and what is said in
/// the span is of no job.
///
/// ```
/// use stream_events_tracing::{JobSpans, builder};
/// use tracing_subscriber::prelude::*;
///
/// // A worker of apalis, and spans of one's own, such as of
/// // `#[instrument(fields(order = %order.id), err)] async fn deliver(order: &Order) -> …`.
/// let layer = builder()
///     .job_spans(JobSpans::apalis().task_type("email"))
///     .job_spans(JobSpans::named("deliver").job_id(["order"]))
///     .layer();
/// let subscriber = tracing_subscriber::registry().with(layer);
/// # drop(subscriber);
/// ```
#[derive(Debug, Clone)]
#[must_use = "hand it to `Builder::job_spans`"]
pub struct JobSpans {
    pub(crate) name: String,
    /// The beginning of it; of the framework's events, too.
    pub(crate) target: String,
    pub(crate) level: LevelFilter,
    pub(crate) job_id: Vec<String>,
    pub(crate) task_type: TaskType,
    pub(crate) attempt: Option<String>,
    pub(crate) max_attempts: Option<u64>,
    /// Fields with the number of a span among those of one job, and how many there are.
    pub(crate) stage: Option<(String, String)>,
    pub(crate) completed_by: Option<String>,
    pub(crate) failed_by: Failure,
    /// The message of the event in the span by which a job is given up.
    pub(crate) given_up_by: Option<&'static str>,
    pub(crate) unsaid: Unsaid,
    pub(crate) afterwards: Option<Afterwards>,
}

#[derive(Debug, Clone)]
pub(crate) enum TaskType {
    Text(String),
    /// What this field says, without what it always begins with.
    Field(String, &'static str),
}

impl JobSpans {
    /// Spans of this name. Their job is named by the field `job_id`; its type is the span's name. Those of
    /// `#[instrument(err)]` fail with its error. Otherwise, when they close, they end as `task_completed`
    /// with the field `outcome: "unknown"`, unless [`completed_by`](Self::completed_by) says what a
    /// success is told by.
    pub fn named(name: impl Into<String>) -> Self {
        let name = name.into();
        Self {
            target: String::new(),
            level: LevelFilter::INFO,
            job_id: vec!["job_id".to_owned()],
            task_type: TaskType::Text(name.clone()),
            attempt: None,
            max_attempts: None,
            stage: None,
            completed_by: None,
            failed_by: Failure::Error,
            given_up_by: None,
            unsaid: Unsaid::Unknown,
            afterwards: None,
            name,
        }
    }

    /// Of apalis 1, `task{task_id, attempt}`, where the worker has `enable_tracing()` or a `TraceLayer`.
    /// The task type is `task` unless it is [set](Self::task_type); a worker has tasks of one type.
    ///
    /// Completed and failed as apalis says, `cancelled` where it says nothing. Mind that the span and
    /// its `task.done` are of level DEBUG: a filter for all layers has to let `apalis=debug` through.
    ///
    /// Which attempt a run is remains unknown: the span's `attempt` is counted before the task has its
    /// turn, and says 1, 1, 2 of the first three. So no run says `will_retry`, and one that fails is a
    /// run's end; where it is tried again, that is another run of the job.
    pub fn apalis() -> Self {
        Self::named("task")
            .target("apalis")
            .level(Level::DEBUG)
            .job_id(["task_id"])
            .completed_by("task.done")
            .failed_by("task.failed", "result")
            .or_cancelled("the task was given up before it was done")
    }

    /// Of graphile_worker, `run_job{job_id, messaging.destination.name}`; the latter is the task type.
    ///
    /// Completed, and `cancelled` where the worker is told to end, as graphile_worker says in the span.
    /// Of a failure it says behind it, by an event of its own: the run fails with that error, as
    /// graphile_worker writes it (`TaskError("no such file")`), and says `will_retry` where a try is left;
    /// that one is another run of the job.
    ///
    /// Where nothing is said within 10 s, since a filter hides it or others keep the span for longer, the
    /// run fails for a reason that is not known here, and does not say `will_retry`: those who watch the
    /// job stop. Which attempt a run is remains unknown. An annotated function that is told says more.
    pub fn graphile_worker() -> Self {
        Self {
            given_up_by: Some("Job interrupted by shutdown signal"),
            unsaid: Unsaid::Failed("the task did not succeed"),
            afterwards: Some(Afterwards {
                again: "Failed task",
                last: "Job max attempts reached",
                error: "error",
            }),
            ..Self::named("run_job")
                .target("graphile_worker")
                .task_type_from("messaging.destination.name")
                .completed_by("Completed task with success")
        }
    }

    /// Of underway, `execute{job.id, step, steps}`: a span for each step, of one run from the first to
    /// the last, which shows where it is. The task type is `execute` unless it is
    /// [set](Self::task_type).
    ///
    /// Failed as underway says. Behind the last step it is `task_completed` with `outcome: "unknown"`,
    /// since a step that ran out of its time ends without a word, too. Of two processes that do steps of
    /// one job each sees a run of its own, which where the last step is not done ends with the process, or
    /// as `cancelled` when an hour has passed without its next step and this process does another.
    pub fn underway() -> Self {
        Self {
            stage: Some(("step".to_owned(), "steps".to_owned())),
            ..Self::named("execute").target("underway").job_id(["job.id"])
        }
    }

    /// Of Temporal's activities,
    /// `RunActivity{otel.name, temporalActivityID, temporalWorkflowID, temporalRunID}`. An activity's id
    /// is a number within its workflow, so that the job's is
    /// `{temporalWorkflowID}/{temporalRunID}/{temporalActivityID}`. The task type is the activity's name.
    ///
    /// Nothing in the span says how the activity ended: it is `task_completed` with `outcome: "unknown"`,
    /// unless it is annotated.
    pub fn temporal() -> Self {
        Self {
            task_type: TaskType::Field("otel.name".to_owned(), "RunActivity:"),
            failed_by: Failure::None,
            ..Self::named("RunActivity").target("temporal").job_id([
                "temporalWorkflowID",
                "temporalRunID",
                "temporalActivityID",
            ])
        }
    }

    /// Spans, and events that tell of their end, whose target begins with this alone.
    pub fn target(mut self, prefix: impl Into<String>) -> Self {
        self.target = prefix.into();
        self
    }

    /// Spans and events up to this level; INFO without it.
    pub fn level(mut self, level: impl Into<LevelFilter>) -> Self {
        self.level = level.into();
        self
    }

    /// The fields that name the job, in this order, with `/` between them.
    pub fn job_id<F: Into<String>>(mut self, fields: impl IntoIterator<Item = F>) -> Self {
        self.job_id = fields.into_iter().map(Into::into).collect();
        self
    }

    /// The kind of work.
    pub fn task_type(mut self, task_type: impl Into<String>) -> Self {
        self.task_type = TaskType::Text(task_type.into());
        self
    }

    /// The field that says the kind of work.
    pub fn task_type_from(mut self, field: impl Into<String>) -> Self {
        self.task_type = TaskType::Field(field.into(), "");
        self
    }

    /// The field that says which try it is, counted from 1.
    pub fn attempt(mut self, field: impl Into<String>) -> Self {
        self.attempt = Some(field.into());
        self
    }

    /// How many tries a job has at most: a run that fails before the last says `will_retry`.
    pub fn max_attempts(mut self, most: u64) -> Self {
        self.max_attempts = Some(most);
        self
    }

    /// The message of the event in the span that says that the job is done. A span that closes without
    /// it, and without a failure, is `cancelled`.
    pub fn completed_by(mut self, message: impl Into<String>) -> Self {
        self.completed_by = Some(message.into());
        self.or_cancelled("the span was closed before the job was done")
    }

    /// The message of the event in the span that says that the job failed, and the field of it that
    /// says why.
    pub fn failed_by(mut self, message: impl Into<String>, field: impl Into<String>) -> Self {
        self.failed_by = Failure::Message(message.into(), field.into());
        self
    }

    fn or_cancelled(mut self, why: &'static str) -> Self {
        self.unsaid = Unsaid::Cancelled(why);
        self
    }

    /// All fields of the span that are of any use.
    pub(crate) fn fields(&self) -> Vec<&str> {
        let task_type = match &self.task_type {
            TaskType::Text(_) => None,
            TaskType::Field(field, _) => Some(field),
        };
        let stage = self.stage.iter().flat_map(|(number, of)| [number, of]);
        let ids = self.job_id.iter();
        let fields = ids.chain(task_type).chain(&self.attempt).chain(stage);
        fields.map(String::as_str).collect()
    }

    /// Whether a span is one of these: it has to have the fields that name the job.
    pub(crate) fn has_span(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_span()
            && metadata.name() == self.name
            && self.is_near(metadata)
            && self.names_job(metadata)
    }

    fn names_job(&self, metadata: &Metadata<'_>) -> bool {
        let has = |field: &String| metadata.fields().field(field.as_str()).is_some();
        self.job_id.iter().all(has)
    }

    /// Whether an event may be one that tells of a failure when the span is closed.
    pub(crate) fn may_be_told_late_by(&self, metadata: &Metadata<'_>) -> bool {
        let has = |field: &str| metadata.fields().field(field).is_some();
        let is_of = |late: &Afterwards| has("message") && has(late.error);
        metadata.is_event()
            && self.afterwards.as_ref().is_some_and(is_of)
            && self.is_near(metadata)
            && self.names_job(metadata)
    }

    /// Whether an event may be one that tells of the end of a span.
    pub(crate) fn may_be_told_by(&self, metadata: &Metadata<'_>) -> bool {
        let has = |field: &str| metadata.fields().field(field).is_some();
        let fails = match &self.failed_by {
            Failure::Message(_, field) => has(field),
            Failure::Error => has("error") && !has("message"),
            Failure::None => false,
        };
        let completes = self.completed_by.is_some() && has("message");
        metadata.is_event() && self.is_near(metadata) && (completes || fails)
    }

    fn is_near(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= self.level && metadata.target().starts_with(&self.target)
    }
}
