//! Spans of frameworks that are jobs: stand-ins of the exact shape that each framework has.
#![allow(clippy::unwrap_used)]

mod frameworks;
mod installed;

use std::sync::Once;

use frameworks::{
    apalis, emails, graphile_worker, graphile_worker_ends, graphile_worker_tries, temporal, told,
    types, underway,
};
use futures_util::FutureExt;
use installed::{events, pause, publisher};
use serde_json::{Value, json};
use stream_events::{progress, publish};
use stream_events_tracing::{JobSpans, builder};
use tracing::{Instrument, instrument};
use tracing_subscriber::prelude::*;

fn set_up() {
    static SET_UP: Once = Once::new();
    SET_UP.call_once(|| {
        let layer = builder()
            .job_spans(emails())
            .job_spans(JobSpans::graphile_worker())
            .job_spans(JobSpans::underway().task_type("onboarding"))
            .job_spans(JobSpans::temporal())
            .job_spans(JobSpans::named("deliver").job_id(["order"]));
        tracing_subscriber::registry().with(layer.layer()).init();
        publisher();
    });
}

async fn works() -> Result<u32, String> {
    pause().await;
    progress!("at work");
    let row = async { publish!("row") };
    tokio::spawn(row.in_current_span()).await.unwrap();
    Ok(7)
}

#[tokio::test]
async fn a_worker_of_apalis_shows_up_with_no_annotation() {
    set_up();
    apalis("apalis_1", 1, works()).await.unwrap();
    let events = events("apalis_1").await;
    let expected = json!([
        ["task_started", {}],
        ["task_progress", {"progress": "at work"}],
        ["row", {}],
        ["task_completed", {}],
    ]);
    assert_eq!(json!(told("apalis_1").await), expected);
    assert!(events.iter().all(|event| event["task_type"] == "email"));
    assert!(events.iter().all(|event| event["attempt"] == 1));
    assert_eq!(events[3].get("outcome"), None);
}

#[tokio::test]
async fn a_run_fails_as_apalis_says_and_its_last_try_is_the_end() {
    set_up();
    let fails = || async { Err::<(), _>("no such address".to_owned()) };
    apalis("apalis_2", 2, fails()).await.unwrap_err();
    apalis("apalis_2", 3, fails()).await.unwrap_err();
    let failed = |will_retry: bool| json!(["task_failed", {"error": "no such address", "error_kind": "error", "will_retry": will_retry}]);
    let expected = json!([
        ["task_started", {}],
        failed(true),
        ["task_started", {}],
        failed(false)
    ]);
    assert_eq!(json!(told("apalis_2").await), expected);
}

#[tokio::test]
async fn a_span_that_closes_without_a_word_is_no_success() {
    set_up();
    let given_up = apalis::<()>("apalis_3", 3, std::future::pending());
    assert_eq!(given_up.now_or_never(), None);
    let kind = |told: Vec<Value>| told.last().unwrap()[1]["error_kind"].clone();
    assert_eq!(kind(told("apalis_3").await), "cancelled");
    let panics = apalis::<()>("apalis_4", 3, async { panic!("in the handler") });
    tokio::spawn(panics).await.unwrap_err();
    assert_eq!(kind(told("apalis_4").await), "panic");
    assert_eq!(events("apalis_4").await.len(), 2);
}

#[tokio::test]
async fn a_job_of_graphile_worker_begins_when_its_kind_is_known_and_fails_without_the_word_of_success()
 {
    set_up();
    graphile_worker(4711, Some("resize"), async { Ok(()) })
        .await
        .unwrap();
    graphile_worker(4712, Some("resize"), async {
        Err::<(), _>("no disk".to_owned())
    })
    .await
    .unwrap_err();
    graphile_worker(4713, None, async { Ok(()) })
        .await
        .unwrap_err();
    assert_eq!(
        types(&told("4711").await),
        ["task_started", "task_completed"]
    );
    assert_eq!(events("4711").await[0]["task_type"], "resize");
    let end = told("4712").await.pop().unwrap();
    assert_eq!(end[1]["error"], r#"TaskError("no disk")"#);
    assert_eq!(end[1]["will_retry"], false);
    assert_eq!(events("4713").await, [""; 0]);
}

#[tokio::test]
async fn a_job_of_graphile_worker_that_has_tries_left_says_so_and_one_that_is_interrupted_is_cancelled()
 {
    set_up();
    let fails = || async { Err::<(), _>("no disk".to_owned()) };
    graphile_worker_tries(4716, "resize", fails())
        .await
        .unwrap_err();
    graphile_worker(4716, Some("resize"), fails())
        .await
        .unwrap_err();
    let ends = events("4716").await;
    let ends = ends
        .iter()
        .filter(|event| event["event_type"] == "task_failed");
    let will_retry: Vec<_> = ends
        .map(|end| end["will_retry"].as_bool().unwrap())
        .collect();
    assert_eq!(will_retry, [true, false]);
    let panics = graphile_worker_tries::<()>(4717, "resize", async { panic!("no disk") });
    panics.await.unwrap_err();
    let end = events("4717").await.pop().unwrap();
    assert_eq!(
        (&end["error_kind"], &end["will_retry"]),
        (&json!("panic"), &json!(true))
    );
    graphile_worker_ends(4718, "resize").await;
    let end = events("4718").await.pop().unwrap();
    assert_eq!(end["error_kind"], "cancelled");
}

#[tokio::test]
async fn the_steps_of_underway_are_one_run_and_the_last_of_them_ends_it() {
    set_up();
    for step in 1..=2 {
        underway("underway_1", step, 3, async { Ok(()) })
            .await
            .unwrap();
    }
    assert_eq!(
        told("underway_1").await.len(),
        3,
        "it is at work between them"
    );
    underway("underway_1", 3, 3, async { Ok(()) })
        .await
        .unwrap();
    let expected = json!([
        ["task_started", {}],
        ["task_progress", {"progress": "step 1 of 3", "current": 0, "total": 3}],
        ["task_progress", {"progress": "step 2 of 3", "current": 1, "total": 3}],
        ["task_progress", {"progress": "step 3 of 3", "current": 2, "total": 3}],
        ["task_completed", {"outcome": "unknown"}],
    ]);
    assert_eq!(json!(told("underway_1").await), expected);
    underway("underway_2", 1, 2, async { Err("fatal".to_owned()) })
        .await
        .unwrap_err();
    underway("underway_2", 1, 2, async { Ok(()) })
        .await
        .unwrap();
    underway("underway_2", 2, 2, async { Ok(()) })
        .await
        .unwrap();
    let told = told("underway_2").await;
    assert_eq!(told[2][1]["error"], "fatal");
    let runs: Vec<_> = events("underway_2")
        .await
        .iter()
        .map(|event| event["run"].clone())
        .collect();
    assert!(runs[2] != runs[3] && runs[3] == runs[6]);
    assert_eq!(runs.len(), 7);
}

#[tokio::test]
async fn an_activity_of_temporal_is_named_by_its_workflow_and_nobody_knows_how_it_ended() {
    set_up();
    temporal("1", "orders", "run_a", "ship", async {
        Err("lost at sea".to_owned())
    })
    .await;
    temporal("1", "orders", "run_b", "ship", async { Ok(()) }).await;
    let told = told("orders/run_a/1").await;
    assert_eq!(told[1], json!(["task_completed", {"outcome": "unknown"}]));
    let other = events("orders/run_b/1").await;
    assert_eq!((&other[0]["task_type"], other.len()), (&json!("ship"), 2));
}

#[instrument(skip(address), err)]
async fn deliver(order: &str, address: Result<u8, String>) -> Result<u8, String> {
    let _ = checks(order).await;
    tracing::error!(error = "not the end", "once more");
    address
}

/// Not the end of the one that calls it.
#[instrument(err)]
async fn checks(address: &str) -> Result<(), String> {
    Err(format!("no address: {address}"))
}

#[tokio::test]
async fn a_span_of_ones_own_fails_by_what_instrument_says_of_its_error() {
    set_up();
    deliver("deliver_1", Ok(1)).await.unwrap();
    deliver("deliver_2", Err("moved".to_owned()))
        .await
        .unwrap_err();
    let of_both = [told("deliver_1").await.pop(), told("deliver_2").await.pop()];
    let expected = json!([
        ["task_completed", {"outcome": "unknown"}],
        ["task_failed", {"error": "moved", "error_kind": "error", "will_retry": false}],
    ]);
    assert_eq!(json!(of_both), expected);
}
