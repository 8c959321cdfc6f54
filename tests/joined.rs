//! An annotated function within the span of its own job joins that run, and is not a second one.
#![allow(clippy::unwrap_used)]

mod beaten;
#[expect(dead_code, reason = "not all of them are used here")]
mod frameworks;
mod installed;

use std::sync::Once;

use beaten::has_beaten;
use frameworks::{apalis, emails, graphile_worker, told, types};
use installed::{events, pause, publisher};
use serde_json::json;
use stream_events::{job_events, progress};
use stream_events_tracing::{JobSpans, builder};
use tracing::Instrument;
use tracing_subscriber::prelude::*;

fn set_up() {
    static SET_UP: Once = Once::new();
    SET_UP.call_once(|| {
        let layer = builder()
            .job_spans(emails())
            .job_spans(JobSpans::graphile_worker());
        tracing_subscriber::registry().with(layer.layer()).init();
        publisher();
    });
}

#[job_events(task_type = "send", fields(to), ret, attempt = 1, max_attempts = 2)]
async fn send(job_id: &str, to: &str) -> Result<usize, String> {
    pause().await;
    progress!("sending");
    helps(job_id).await;
    if to.is_empty() {
        Err("nobody".to_owned())
    } else {
        Ok(to.len())
    }
}

#[job_events(task_type = "help")]
async fn helps(job_id: &str) {
    let _ = job_id;
}

#[tokio::test]
async fn an_annotated_function_in_the_span_of_its_job_is_not_a_second_run() {
    set_up();
    apalis("joined_1", 1, send("joined_1", "all"))
        .await
        .unwrap();
    let events = events("joined_1").await;
    let of_send = events.iter().filter(|event| event["task_type"] == "email");
    let of_send: Vec<_> = of_send
        .map(|event| event["event_type"].as_str().unwrap())
        .collect();
    let expected = [
        "task_started",
        "task_progress",
        "task_progress",
        "task_completed",
    ];
    assert_eq!(of_send, expected);
    assert_eq!(
        (&events[1]["progress"], &events[1]["to"]),
        (&json!("send"), &json!("all"))
    );
    assert_eq!(events.last().unwrap()["result"], 3);
    let of_help = events.iter().filter(|event| event["task_type"] == "help");
    assert_eq!(
        of_help.count(),
        2,
        "a function within it has a run of its own"
    );
    graphile_worker(4714, Some("t"), send("4714", ""))
        .await
        .unwrap_err();
    let end = told("4714").await.pop().unwrap();
    let expected = json!({"error": "nobody", "error_kind": "error", "will_retry": true});
    assert_eq!(end[1], expected);
}

#[job_events(
    task_type = "slow",
    heartbeat = "100ms",
    attempt = 2,
    max_attempts = 3,
    parent = "order_7"
)]
async fn is_slow(job_id: &str) -> Result<(), String> {
    has_beaten(job_id, "task_started", 1).await;
    Err("no answer".to_owned())
}

#[tokio::test]
async fn what_a_function_knows_beside_the_span_that_it_joins_is_not_lost() {
    set_up();
    let in_time = tokio::time::timeout(
        installed::SOON,
        graphile_worker(4715, Some("t"), is_slow("4715")),
    );
    in_time.await.expect("a heartbeat").unwrap_err();
    let joined = &events("4715").await[1];
    let known = ["attempt", "max_attempts", "parent_job_id"].map(|key| joined[key].clone());
    assert_eq!(json!(known), json!([2, 3, "order_7"]));
    assert_eq!(joined["parent_job_id_"], json!(null));
    let end = told("4715").await.pop().unwrap();
    assert_eq!(end[1]["will_retry"], true);
    // What the span knows already is not said twice.
    apalis("joined_2", 1, send("joined_2", ""))
        .await
        .unwrap_err();
    let entries = support::TestRedis::shared().entries("job_events:joined_2");
    for entry in entries
        .iter()
        .filter(|entry| entry.data()["task_type"] == "email")
    {
        let text = entry.data().to_string();
        assert_eq!(entry.data()["attempt"], 1, "{text}");
        assert_eq!(entry.data()["max_attempts"], 3, "{text}");
    }
}

#[tokio::test]
async fn a_job_of_another_id_within_is_a_run_of_its_own_and_so_is_one_around() {
    set_up();
    let around = publisher().job("around", "t").unwrap();
    let adopted = async { apalis("adopted", 1, send("within", "all")).await };
    let adopted = around.in_scope(|| tokio::spawn(adopted.in_current_span()));
    adopted.await.unwrap().unwrap();
    around.completed(&());
    assert_eq!(events("adopted").await[0]["parent_job_id"], "around");
    assert_eq!(events("within").await[0]["parent_job_id"], "adopted");
    assert_eq!(
        types(&told("adopted").await),
        ["task_started", "task_completed"]
    );
}
