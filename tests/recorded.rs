//! What of a result, and of an error, stands at the end of a run.
#![allow(clippy::unwrap_used)]

mod installed;

use std::error::Error;
use std::fmt;

use installed::{events, pause, publisher};
use serde_json::{Value, json};
use stream_events::job_events;

async fn end(job_id: &str) -> Value {
    events(job_id).await.pop().unwrap()
}

#[job_events(task_type = "t", ret(max = "64 B"))]
async fn rows(job_id: &str, rows: usize) -> Result<Vec<usize>, String> {
    pause().await;
    let _ = job_id;
    Ok((0..rows).collect())
}

#[tokio::test]
async fn of_a_result_that_is_long_a_head_is_recorded() {
    publisher();
    assert_eq!(rows("short", 3).await.unwrap().len(), 3);
    let short = end("short").await;
    assert_eq!(short["result"], json!([0, 1, 2]));
    assert!(short["truncated"].is_null() && short["original_size"].is_null());

    assert_eq!(rows("long", 500).await.unwrap().len(), 500);
    let long = end("long").await;
    let head = long["result"].as_str().unwrap();
    assert!(head.starts_with("[0,1,2,3,") && head.len() == 62, "{head}");
    assert_eq!(long["truncated"], true);
    assert!(long["original_size"].as_u64().unwrap() > 1000);
    assert!(long["duration_ms"].is_u64() && long["event_type"] == "task_completed");
}

#[derive(Debug)]
struct Failed(&'static str, Option<Box<dyn Error + Send + Sync>>);

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Error for Failed {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&**self.1.as_ref()?)
    }
}

fn failed() -> Failed {
    Failed(
        "no outline",
        Some(Failed("no answer", Some("timed out".into())).into()),
    )
}

#[job_events(task_type = "t", err(chain))]
async fn fails(job_id: &str) -> Result<(), Failed> {
    let _ = job_id;
    Err(failed())
}

#[job_events(task_type = "t", err(chain))]
async fn fails_boxed(job_id: &str) -> Result<(), Box<dyn Error + Send + Sync>> {
    let _ = job_id;
    Err(failed().into())
}

#[job_events(task_type = "t")]
async fn fails_alone(job_id: &str) -> Result<(), Failed> {
    let _ = job_id;
    Err(failed())
}

#[tokio::test]
async fn an_error_is_recorded_with_its_causes_where_that_is_asked_for() {
    publisher();
    fails("chain").await.unwrap_err();
    fails_boxed("boxed").await.unwrap_err();
    fails_alone("alone").await.unwrap_err();
    for (job_id, text) in [
        ("chain", "no outline: no answer: timed out"),
        ("boxed", "no outline: no answer: timed out"),
        ("alone", "no outline"),
    ] {
        assert_eq!(end(job_id).await["error"], text, "{job_id}");
    }
}
