//! Phases of a job: within each other, how often they speak, and that none holds its job up.
#![allow(clippy::unwrap_used)]

#[allow(dead_code, reason = "others have more of it")]
mod installed;

use std::sync::Once;
use std::time::Instant;

use installed::{events, publisher};
use serde_json::{Value, json};
use stream_events::{Publisher, job_events, progress_span};
use stream_events_tracing::{DEFAULT_THROTTLE, ProgressSpan};
use support::{RawEntry, TestRedis, wait_until};
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

/// Where phases of a job said that they stand.
fn currents(job_id: &str) -> Vec<u64> {
    let entries = TestRedis::shared().entries(&format!("job_events:{job_id}"));
    let current = |entry: &RawEntry| entry.data()["current"].as_u64();
    entries.iter().filter_map(current).collect()
}

/// Row 38
#[tokio::test]
async fn a_phase_of_a_million_steps_is_shown_as_often_as_people_look() {
    let job = set_up().job("steps", "t").unwrap();
    let (steps, began) = (1_000_000, Instant::now());
    job.in_scope(|| {
        let phase = progress_span!("steps", total = steps);
        (0..steps).for_each(|_| phase.inc(1));
    });
    let looks = began.elapsed().div_duration_f64(DEFAULT_THROTTLE) as usize;
    job.completed(&());
    let emitted = events("steps").await.len();
    // The start, the phase's first and last word, its end, and the job's, beside one at each look.
    assert!(emitted <= looks + 5, "{emitted} events in {looks} looks");
    let shown = currents("steps");
    assert_eq!(shown[shown.len() - 2..], [steps, steps]);
    assert!(shown.is_sorted(), "{shown:?}");
}

#[test]
fn the_last_number_before_a_pause_is_shown_in_its_time() {
    let job = set_up().job("pauses", "t").unwrap();
    let phase = job.in_scope(|| progress_span!("pauses", total = 3));
    phase.inc(1);
    wait_until("the first is shown", || currents("pauses") == [1]);
    phase.inc(1);
    wait_until("so is the second", || currents("pauses") == [1, 2]);
    drop(phase);
    job.completed(&());
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
