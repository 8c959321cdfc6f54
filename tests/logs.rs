//! Log lines of jobs on their streams, under a global subscriber that `log` leads to, too.
#![allow(clippy::unwrap_used)]

mod installed;

use std::fmt;
use std::sync::Once;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use installed::{events, pause, publisher};
use serde_json::{Value, json};
use stream_events::{job_events, progress};
use tracing::{Instrument, Level};
use tracing_subscriber::prelude::*;

fn set_up() {
    static SET_UP: Once = Once::new();
    SET_UP.call_once(|| {
        let layer = stream_events_tracing::builder().logs(Level::INFO).layer();
        tracing_subscriber::registry().with(layer).init();
        publisher();
    });
}

/// What a job's log lines say, without what all events have.
async fn lines(job_id: &str) -> Vec<Value> {
    let events = events(job_id).await;
    let lines = events
        .into_iter()
        .filter(|event| event["event_type"] == "log");
    let own = |mut line: Value| {
        let members = line.as_object_mut().unwrap();
        for key in [
            "event_type",
            "timestamp",
            "job_id",
            "task_type",
            "run",
            "seq",
        ] {
            members.remove(key);
        }
        line
    };
    lines.map(own).collect()
}

#[job_events(task_type = "t")]
async fn logs(job_id: &str) {
    let (pages, name) = (3, "a.md");
    tracing::info!(pages, name, "read {name}");
    pause().await;
    tracing::warn!(target: "disk", left = 0.5, level = 7, message_too = true, bytes = b"a b".as_slice(), "nearly full");
    tracing::error!(error = &fmt::Error as &dyn std::error::Error);
    tracing::debug!("too small to tell");
    log::warn!(target: "old_library", "by {}", "log");
    log::debug!("too small to tell");
    tracing::warn!(target: "stream_events", "of ours");
    log::warn!(target: "stream_events::worker", "of ours");
    progress!("of the job's own");
    let _ = job_id;
}

#[tokio::test]
async fn what_a_job_logs_is_on_its_stream_with_its_level_target_and_fields() {
    set_up();
    logs("logs_1").await;
    let expected = [
        json!({"message": "read a.md", "level": "INFO", "target": "logs", "pages": 3, "name": "a.md"}),
        json!({"message": "nearly full", "level": "WARN", "target": "disk", "left": 0.5, "level_": 7, "message_too": true, "bytes": "a b"}),
        json!({"level": "ERROR", "target": "logs", "error_": fmt::Error.to_string()}),
        json!({"message": "by log", "level": "WARN", "target": "old_library"}),
    ];
    assert_eq!(lines("logs_1").await, expected);
    let progress = events("logs_1").await;
    let progress = progress
        .iter()
        .filter(|event| event["event_type"] == "task_progress");
    assert_eq!(progress.count(), 1);
}

static FORMATTED: AtomicUsize = AtomicUsize::new(0);

/// Its text is counted, and may panic.
struct Text {
    panics: bool,
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        FORMATTED.fetch_add(1, Relaxed);
        assert!(!self.panics, "in the middle of a text");
        f.write_str("text")
    }
}

const TEXT: Text = Text { panics: false };

#[job_events(task_type = "t")]
async fn logs_texts(job_id: &str) {
    tracing::info!(text = ?TEXT, "in {job_id}");
    tracing::info!(text = ?Text { panics: true }, "a text that panics");
}

#[tokio::test]
async fn outside_of_jobs_nothing_is_formatted_and_a_text_that_panics_harms_no_job() {
    set_up();
    let says = || tracing::info!(text = ?TEXT, "{TEXT:?}");
    says();
    log::info!("{:?}", Text { panics: true });
    tracing::info_span!("of nobody").in_scope(says);
    assert_eq!(FORMATTED.load(Relaxed), 0);
    logs_texts("logs_2").await;
    let lines = lines("logs_2").await;
    assert_eq!(lines[0]["text"], "text");
    assert_eq!(lines[1]["message"], "a text that panics");
    assert!(lines[1]["text"].is_object(), "{}", lines[1]);
    assert_eq!(FORMATTED.load(Relaxed), 2);
}

#[tokio::test]
async fn what_nobody_asked_for_costs_nothing_also_in_a_job() {
    set_up();
    let job = publisher().job("logs_4", "t").unwrap();
    job.in_scope(|| {
        let worked_out = || -> u64 { panic!("nobody wants to know") };
        tracing::debug!(worked_out = worked_out(), "too small to tell");
        tracing::warn!(target: "stream_events", worked_out = worked_out(), "of ours");
        assert!(tracing::info_span!("a span of the job's own").is_disabled());
    });
    job.completed(&());
    assert_eq!(lines("logs_4").await, [""; 0]);
}

#[tokio::test]
async fn a_task_that_is_spawned_in_a_jobs_span_logs_for_it() {
    set_up();
    let job = publisher().job("logs_3", "t").unwrap();
    let hidden = tracing::debug_span!("hidden from us");
    let logs = async { tracing::info!("in a task") }.instrument(hidden);
    let task = job.in_scope(|| tokio::spawn(logs.in_current_span()));
    task.await.unwrap();
    job.completed(&());
    assert_eq!(lines("logs_3").await[0]["message"], "in a task");
}
