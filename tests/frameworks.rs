//! Stand-ins for what frameworks do around a job: their spans, in the order and with the fields, levels
//! and targets that they have.

use std::fmt;
use std::future::Future;
use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;
use serde_json::{Value, json};
use stream_events_tracing::JobSpans;
use tracing::field::Empty;
use tracing::{
    Instrument, Level, Span, debug, error, event, info, info_span, instrument, span, warn,
};

use crate::installed::events;

/// apalis 1.0, `layers/tracing`: the span is made and entered once for `task.start`, then for each poll.
pub(crate) async fn apalis<T: fmt::Debug>(
    task_id: &str,
    attempt: usize,
    handler: impl Future<Output = Result<T, String>>,
) -> Result<T, String> {
    let span = span!(
        target: "apalis::layers::tracing::make_span",
        parent: Span::current(),
        Level::DEBUG,
        "task",
        task_id = task_id.to_owned(),
        attempt
    );
    span.in_scope(|| debug!(target: "apalis::layers::tracing::on_request", "task.start"));
    let handled = async {
        let handled = handler.await;
        let done_in = format_args!("{}ms", 3);
        match &handled {
            Ok(done) => event!(
                target: "apalis::layers::tracing::on_response",
                Level::DEBUG,
                done_in,
                result = format_args!("{done:?}"),
                "task.done"
            ),
            Err(why) => event!(
                target: "apalis::layers::tracing::on_failure",
                Level::ERROR,
                done_in,
                result = format_args!("{why}"),
                "task.failed"
            ),
        }
        handled
    };
    handled.instrument(span).await
}

/// As graphile_worker writes an error.
#[derive(Debug)]
struct TaskError<'a>(#[expect(dead_code, reason = "its Debug shows it")] &'a str);

/// graphile_worker 0.14, `runner/task_execution.rs` and `runner/release/failure.rs`: the failure is logged
/// outside of the span.
pub(crate) async fn graphile_worker<T>(
    id: i64,
    identifier: Option<&str>,
    task: impl Future<Output = Result<T, String>>,
) -> Result<T, String> {
    let result = run_job(&id, identifier, task).await;
    if let Err(error) = &result {
        let error = TaskError(error);
        error!(target: "graphile_worker::runner::release::failure", ?error, task_id = 1, job_id = id, "Job max attempts reached");
    }
    result
}

/// The same of a job with tries left.
pub(crate) async fn graphile_worker_tries<T>(
    id: i64,
    identifier: &str,
    task: impl Future<Output = Result<T, String>>,
) -> Result<T, String> {
    let result = run_job(&id, Some(identifier), task).await;
    if let Err(error) = &result {
        let error = TaskError(error);
        warn!(target: "graphile_worker::runner::release::failure", ?error, task_id = 1, job_id = id, "Failed task");
    }
    result
}

/// And of one that takes longer than a worker that is told to end waits for it.
pub(crate) async fn graphile_worker_ends(id: i64, identifier: &str) {
    let interrupted = async {
        warn!(target: "graphile_worker::runner::task_execution", job_id = id, "Job interrupted by shutdown signal");
        Err::<(), _>("interrupted".to_owned())
    };
    run_job(&id, Some(identifier), interrupted)
        .await
        .unwrap_err();
}

#[instrument(
    target = "graphile_worker::runner::task_execution",
    "run_job",
    skip(id, identifier, task),
    fields(
        job_id = id,
        messaging.system = "graphile-worker",
        messaging.operation.name = "run_job",
        messaging.destination.name = Empty,
        otel.name = Empty
    )
)]
async fn run_job<T>(
    id: &i64,
    identifier: Option<&str>,
    task: impl Future<Output = Result<T, String>>,
) -> Result<T, String> {
    let identifier = identifier.ok_or("no identifier")?;
    let span = Span::current();
    span.record("otel.name", identifier);
    span.record("messaging.destination.name", identifier);
    debug!(target: "graphile_worker::runner::task_execution", job_id = id, "Found task");
    let caught = AssertUnwindSafe(task.instrument(span)).catch_unwind();
    let done = caught
        .await
        .unwrap_or_else(|_panic| Err("panicked".to_owned()))?;
    info!(
        target: "graphile_worker::runner::task_execution",
        task_identifier = identifier,
        payload = "{}",
        job_id = id,
        duration = 3_u128,
        "Completed task with success"
    );
    Ok(done)
}

/// underway 0.2, `job.rs`: a span for each step.
#[instrument(
    target = "underway::job",
    name = "execute",
    skip_all,
    fields(job.id = %job_id, step = step, steps = steps),
    err
)]
pub(crate) async fn underway(
    job_id: &str,
    step: usize,
    steps: usize,
    work: impl Future<Output = Result<(), String>>,
) -> Result<(), String> {
    work.await
}

/// temporalio-sdk 1.1, `lib.rs`: an activity, in a task of its own.
pub(crate) async fn temporal(
    activity_id: &str,
    workflow_id: &'static str,
    run_id: &'static str,
    activity_type: &str,
    activity: impl Future<Output = Result<(), String>> + Send + 'static,
) {
    let span = info_span!(
        target: "temporalio_sdk",
        "RunActivity",
        "otel.name" = format!("RunActivity:{activity_type}"),
        "otel.kind" = "server",
        "temporalActivityID" = activity_id,
        "temporalWorkflowID" = Empty,
        "temporalRunID" = Empty,
    );
    let act = async move {
        let span = Span::current();
        span.record("temporalWorkflowID", workflow_id);
        span.record("temporalRunID", run_id);
        activity.await
    };
    let _ = tokio::spawn(act.instrument(span)).await;
}

/// apalis' spans, with a count of attempts that is right, which apalis 1.0 does not have.
pub(crate) fn emails() -> JobSpans {
    let spans = JobSpans::apalis().task_type("email");
    spans.attempt("attempt").max_attempts(3)
}

/// Of each event of a job, its type, and what it says of itself.
pub(crate) async fn told(job_id: &str) -> Vec<Value> {
    let own = |event: Value| {
        let keys = "progress current total error error_kind will_retry outcome result";
        let members = keys.split(' ').filter_map(|key| {
            let value = event.get(key).filter(|value| !value.is_null())?;
            Some((key.to_owned(), value.clone()))
        });
        json!([
            event["event_type"],
            members.collect::<serde_json::Map<_, _>>()
        ])
    };
    events(job_id).await.into_iter().map(own).collect()
}

pub(crate) fn types(told: &[Value]) -> Vec<&str> {
    told.iter()
        .map(|event| event[0].as_str().unwrap())
        .collect()
}
