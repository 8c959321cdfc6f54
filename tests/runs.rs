//! How the run of an annotated function ends, whatever it returns, and its caller gets what it always got.
#![allow(clippy::unwrap_used)]

mod installed;

use std::fmt;

use installed::{events, pause, publisher};
use serde_json::json;
use stream_events::job_events;

#[derive(Debug, PartialEq)]
struct Refused(&'static str);

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "refused: {}", self.0)
    }
}

#[job_events(task_type = "judged")]
async fn judged(job_id: &str, outcome: Result<u8, Refused>) -> Result<u8, Refused> {
    let _ = job_id;
    outcome
}

#[job_events(task_type = "recorded", ret, err(Debug))]
async fn recorded(job_id: &str, outcome: Result<u8, Refused>) -> Result<u8, Refused> {
    let _ = job_id;
    outcome
}

#[tokio::test]
async fn ok_completes_and_its_value_is_recorded_where_asked_for() {
    publisher();
    assert_eq!(judged("ok", Ok(3)).await, Ok(3));
    assert_eq!(recorded("ok_ret", Ok(3)).await, Ok(3));
    for (job_id, result) in [("ok", json!(null)), ("ok_ret", json!(3))] {
        let events = events(job_id).await;
        assert_eq!(events.len(), 2);
        let end = events[1].as_object().unwrap();
        assert_eq!(
            (&end["event_type"], &end["result"]),
            (&json!("task_completed"), &result)
        );
        assert!(end["duration_ms"].is_u64() && !end.contains_key("error"));
    }
}

#[tokio::test]
async fn err_fails_with_its_text() {
    publisher();
    for (job_id, text) in [("err", "refused: no"), ("err_debug", "Refused(\"no\")")] {
        let returned = match job_id {
            "err" => judged(job_id, Err(Refused("no"))).await,
            _ => recorded(job_id, Err(Refused("no"))).await,
        };
        assert_eq!(returned, Err(Refused("no")));
        let end = &events(job_id).await[1];
        assert_eq!(end["event_type"], "task_failed");
        assert_eq!(
            (&end["error"], &end["error_kind"]),
            (&json!(text), &json!("error"))
        );
        assert_eq!(end["will_retry"], false);
    }
}

#[tokio::test]
async fn what_is_no_result_completes() {
    #[job_events(task_type = "plain", ret)]
    async fn plain(job_id: &str) -> (Result<(), u8>, Option<u8>) {
        let _ = job_id;
        (Err(1), None)
    }
    publisher();
    assert_eq!(plain("plain").await, (Err(1), None));
    let end = &events("plain").await[1];
    assert_eq!(end["event_type"], "task_completed");
    assert_eq!(end["result"], json!([{"Err": 1}, null]));
}

/// Row 27
#[tokio::test]
async fn a_panic_fails_the_run_and_goes_on_to_the_caller() {
    #[job_events(task_type = "panics")]
    async fn panics(job_id: String, payload: u8) {
        pause().await;
        match payload {
            0 => panic!("{job_id} is out of paper"),
            1 => panic!("plain"),
            _ => std::panic::panic_any(payload),
        }
    }
    publisher();
    let texts = [
        "panic_0 is out of paper",
        "plain",
        "a panic without a message",
    ];
    for (payload, text) in (0..).zip(texts) {
        let job_id = format!("panic_{payload}");
        let error = tokio::spawn(panics(job_id.clone(), payload))
            .await
            .unwrap_err();
        let carried = error.into_panic();
        assert_eq!(carried.is::<String>(), payload == 0);
        assert_eq!(carried.is::<u8>(), payload == 2);
        let events = events(&job_id).await;
        assert_eq!(events.len(), 2);
        assert_eq!(
            (&events[1]["error"], &events[1]["error_kind"]),
            (&json!(text), &json!("panic"))
        );
    }
}

/// Row 39
#[tokio::test]
async fn an_error_whose_text_panics_is_still_returned() {
    #[derive(Debug, PartialEq)]
    struct Unspeakable;
    impl fmt::Display for Unspeakable {
        fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
            panic!("no words")
        }
    }
    #[job_events(task_type = "unspeakable")]
    async fn unspeakable(job_id: &str) -> Result<(), Unspeakable> {
        let _ = job_id;
        Err(Unspeakable)
    }
    publisher();
    assert_eq!(unspeakable("unspeakable").await, Err(Unspeakable));
    let events = events("unspeakable").await;
    assert_eq!(events.len(), 2);
    let end = [&events[1]["event_type"], &events[1]["error_kind"]];
    assert_eq!(end, ["task_failed", "error"]);
}
