//! Spans that are there anyway, as steps of jobs.
#![allow(clippy::unwrap_used)]

mod installed;

use std::sync::Once;
use std::time::{Duration, Instant};

use installed::{events, pause, publisher};
use serde_json::{Value, json};
use stream_events::{job_events, progress, progress_span};
use stream_events_tracing::{DEFAULT_THROTTLE, JobSpans, builder};
use support::{TestRedis, wait_until};
use tracing::{Instrument, debug_span, info_span, instrument};
use tracing_subscriber::prelude::*;

fn set_up() {
    static SET_UP: Once = Once::new();
    SET_UP.call_once(|| {
        let spans = JobSpans::named("adopted").job_id(["id"]);
        let layer = builder()
            .steps(["steps", "others"])
            .job_spans(spans)
            .layer();
        tracing_subscriber::registry().with(layer).init();
        publisher();
    });
}

/// What a job's progress says: its message and step, its number and that of what it is part of, and
/// whether it is over.
async fn said(job_id: &str) -> Vec<Value> {
    let events = events(job_id).await;
    let progress = events
        .iter()
        .filter(|event| event["event_type"] == "task_progress");
    let told = |event: &Value| {
        let is_over = event["elapsed_ms"].is_u64();
        json!([
            event["progress"],
            event["step"],
            event["phase"],
            event["parent_phase"],
            is_over
        ])
    };
    progress.map(told).collect()
}

#[instrument]
async fn fetches(secret: &str) {
    pause().await;
    parses(secret).await;
}

#[instrument(skip_all, fields(step = "not this one", percent = 99))]
async fn parses(secret: &str) {
    let _ = secret;
    let span = info_span!(target: "others::parser", "reads", current = 3);
    pause().instrument(span).await;
}

#[job_events(task_type = "t")]
async fn works(job_id: &str) {
    let _ = job_id;
    fetches("top secret").await;
    debug_span!("too small to show").in_scope(|| {});
    info_span!(target: "nobodys", "of nobody").in_scope(|| {});
    progress!("of the job's own");
}

#[tokio::test]
async fn spans_that_are_there_anyway_show_as_steps_with_none_of_their_fields() {
    set_up();
    fetches("outside of a job").await;
    works("steps_1").await;
    let expected = json!([
        ["fetches", "fetches", 1, null, false],
        ["parses", "parses", 2, 1, false],
        ["reads", "reads", 3, 2, false],
        ["reads", "reads", 3, 2, true],
        ["parses", "parses", 2, 1, true],
        ["fetches", "fetches", 1, null, true],
        ["of the job's own", null, null, null, false],
    ]);
    assert_eq!(json!(said("steps_1").await), expected);
    for event in events("steps_1").await {
        let text = event.to_string();
        assert!(
            !text.contains("secret") && !text.contains("percent"),
            "{text}"
        );
        assert_eq!(event.get("current"), None);
    }
}

#[job_events(task_type = "t")]
async fn has_many_rows(job_id: &str, rows: u64) -> Duration {
    let _ = job_id;
    let began = Instant::now();
    for _ in 0..rows {
        info_span!("row").in_scope(|| {});
    }
    began.elapsed()
}

#[tokio::test]
async fn a_span_for_each_row_is_not_an_event_for_each_row() {
    set_up();
    let took = has_many_rows("steps_2", 20_000).await;
    let said = said("steps_2").await;
    let most = 2 * (took.as_millis() / DEFAULT_THROTTLE.as_millis() + 1);
    assert!(said.len() as u128 <= most, "{} in {took:?}", said.len());
    // Each that is said to begin is said to end.
    assert!(said.len() >= 2 && said.len().is_multiple_of(2));
    assert!(said.chunks(2).all(|pair| pair[0][2] == pair[1][2]));
}

/// Returns once the job's stream has so many events of this message.
async fn shows(job_id: &str, message: &'static str, count: usize) {
    let key = format!("job_events:{job_id}");
    let is_shown = move || {
        let entries = TestRedis::shared().entries(&key);
        let of_it = entries
            .iter()
            .filter(|entry| entry.data()["progress"] == message);
        of_it.count() >= count
    };
    tokio::task::spawn_blocking(move || wait_until("it is shown", is_shown))
        .await
        .unwrap();
}

#[job_events(task_type = "t")]
async fn repeats_itself(job_id: &str) {
    for count in [1, 3] {
        let step = info_span!("slow");
        // The second is one of the same place too soon: it is shown because it goes on.
        shows(job_id, "slow", count).instrument(step).await;
    }
}

#[tokio::test]
async fn a_step_that_was_held_back_is_shown_once_it_has_lived_for_as_long() {
    set_up();
    repeats_itself("steps_3").await;
    let said = said("steps_3").await;
    let slow = |number: u64, is_over: bool| json!(["slow", "slow", number, null, is_over]);
    let expected = [slow(1, false), slow(1, true), slow(2, false), slow(2, true)];
    assert_eq!(said, expected);
}

#[tokio::test]
async fn a_step_knows_the_phase_around_it_and_a_job_is_no_step() {
    set_up();
    let job = publisher().job("steps_4", "t").unwrap();
    job.in_scope(|| {
        progress_span!("a phase").in_scope(|| info_span!("a step").in_scope(|| {}));
    });
    let adopted = job.in_scope(|| info_span!("adopted", id = "steps_5"));
    adopted.in_scope(|| info_span!("a step of it").in_scope(|| {}));
    drop(adopted);
    job.completed(&());
    let of_job = said("steps_4").await;
    assert_eq!(of_job[1], json!(["a step", "a step", 2, 1, false]));
    assert_eq!(of_job.len(), 4, "{of_job:?}");
    let job = publisher().job("steps_6", "t").unwrap();
    job.in_scope(|| {
        for _ in 0..2 {
            // The second is held back until the phase in it shows.
            let step = info_span!("a step around");
            step.in_scope(|| drop(progress_span!("a phase within")));
        }
    });
    job.completed(&());
    let of_job = said("steps_6").await;
    let step = |number: u64, is_over: bool| {
        json!(["a step around", "a step around", number, null, is_over])
    };
    let phase = |number: u64, is_over: bool| {
        let around = number - 1;
        json!(["a phase within", "a step around", number, around, is_over])
    };
    let round = |n: u64| {
        [
            step(n, false),
            phase(n + 1, false),
            phase(n + 1, true),
            step(n, true),
        ]
    };
    assert_eq!(of_job, [round(1), round(3)].concat());
    let of_adopted = said("steps_5").await;
    assert_eq!(
        of_adopted[0],
        json!(["a step of it", "a step of it", 1, null, false])
    );
    assert_eq!(of_adopted.len(), 2);
}
