//! Phases of a job: within each other, how often they speak, and that none holds its job up.
#![allow(clippy::unwrap_used)]

#[allow(dead_code, reason = "others have more of it")]
mod installed;

use std::sync::Once;

use installed::{events, publisher};
use serde_json::{Value, json};
use stream_events::{Publisher, job_events, progress_span};
use stream_events_tracing::ProgressSpan;
use tracing_subscriber::prelude::*;

/// The publisher of this process, and its one subscriber.
fn set_up() -> &'static Publisher {
    static SUBSCRIBED: Once = Once::new();
    SUBSCRIBED.call_once(|| {
        let ours = stream_events_tracing::layer();
        tracing_subscriber::registry().with(ours).init();
    });
    publisher()
}

/// What a job's phases said, in these keys, without what they said again.
async fn said(job_id: &str, keys: [&str; 4]) -> Vec<[Value; 4]> {
    let events = events(job_id).await;
    let phases = events.iter().filter(|event| event["phase"].is_u64());
    let mut said: Vec<_> = phases
        .map(|event| keys.map(|key| event[key].clone()))
        .collect();
    said.dedup();
    said
}

#[job_events(task_type = "t")]
async fn has_chapters(job_id: &str) {
    let book = progress_span!("book", step = "write");
    let _entered = book.enter();
    for chapter in ["first", "second"] {
        let chapter = progress_span!("{chapter}").entered();
        drop(progress_span!("page", step = "draw"));
        drop(chapter);
    }
}

#[tokio::test]
async fn a_phase_within_another_names_it_and_has_its_step() {
    set_up();
    for job_id in ["chapters_1", "chapters_2"] {
        has_chapters(job_id).await;
        let keys = ["progress", "phase", "parent_phase", "step"];
        let expected = [
            [json!("book"), json!(1), Value::Null, json!("write")],
            [json!("first"), json!(2), json!(1), json!("write")],
            [json!("page"), json!(3), json!(2), json!("draw")],
            [json!("first"), json!(2), json!(1), json!("write")],
            [json!("second"), json!(4), json!(1), json!("write")],
            [json!("page"), json!(5), json!(4), json!("draw")],
            [json!("second"), json!(4), json!(1), json!("write")],
            [json!("book"), json!(1), Value::Null, json!("write")],
        ];
        assert_eq!(said(job_id, keys).await, expected, "numbers are of a run");
    }
}

#[job_events(task_type = "outer")]
async fn has_a_job_within(job_id: &str) {
    let phase = progress_span!("outside", step = "outer");
    let within = phase.in_scope(|| publisher().job("job_within", "t").unwrap());
    within.in_scope(|| drop(progress_span!("inside")));
    within.completed(&());
}

#[tokio::test]
async fn a_phase_of_another_job_is_not_part_of_one() {
    set_up();
    has_a_job_within("job_without").await;
    let keys = ["progress", "phase", "parent_phase", "step"];
    let inside = [json!("inside"), json!(1), Value::Null, Value::Null];
    assert_eq!(said("job_within", keys).await, [inside]);
}

/// Row 34
#[tokio::test]
async fn a_phase_that_is_kept_does_not_keep_its_job() {
    let job = set_up().job("kept", "t").unwrap();
    let phase = job.in_scope(|| progress_span!("kept", total = 2));
    drop(job);
    phase.inc(1);
    phase.record("current", 2);
    phase.message("gone on");
    drop(phase);
    let events = events("kept").await;
    let kinds: Vec<_> = events.iter().map(|event| &event["event_type"]).collect();
    assert_eq!(kinds, ["task_started", "task_progress", "task_failed"]);
    assert_eq!(events[2]["error_kind"], "cancelled");
}
