//! Row 27: panics in each place that a job has for one. The run ends once, and the panic goes on.
#![allow(clippy::unwrap_used)]

mod installed;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use installed::{events, pause, publisher};
use serde_json::{Value, json};
use stream_events::{job_events, publish};

/// Types, and the error of a failure.
async fn told(job_id: &str) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let told = |event: &Value| match event["error_kind"].as_str() {
        Some(kind) => format!("{kind}: {}", text(&event["error"])),
        None => text(&event["event_type"]),
    };
    events(job_id).await.iter().map(told).collect()
}

/// Polls a future to its panic, or so often that it waits, and drops it then; says what it panicked with.
fn panic_of<T>(future: impl Future<Output = T>, polls: usize) -> String {
    let caught = catch_unwind(AssertUnwindSafe(|| {
        let mut future = pin!(future);
        for _ in 0..polls {
            let polled = future
                .as_mut()
                .poll(&mut Context::from_waker(Waker::noop()));
            assert!(matches!(polled, Poll::Pending), "it is done");
        }
    }));
    let panic = caught.expect_err("it panics");
    (*panic.downcast_ref::<&str>().unwrap()).to_owned()
}

/// Panics when it goes, unless that is a panic already; says on the stream that it goes.
struct Breaks;

impl Drop for Breaks {
    fn drop(&mut self) {
        publish!("breaks");
        if !std::thread::panicking() {
            panic!("while it tidies up");
        }
    }
}

#[job_events(task_type = "t")]
async fn breaks(job_id: &str, panics: bool) -> Result<(), String> {
    let _breaks = Breaks;
    publish!("row", of = job_id);
    pause().await;
    if panics {
        panic!("in the middle");
    }
    Err("it returned".to_owned())
}

#[tokio::test]
async fn a_destructor_that_panics_ends_the_run_as_a_panic_where_it_is_done() {
    publisher();
    assert_eq!(panic_of(breaks("done", false), 2), "while it tidies up");
    let expected = ["task_started", "row", "breaks", "panic: while it tidies up"];
    assert_eq!(told("done").await, expected);
}

#[tokio::test]
async fn a_destructor_that_panics_ends_the_run_as_cancelled_where_it_is_dropped() {
    publisher();
    assert_eq!(panic_of(breaks("dropped", false), 1), "while it tidies up");
    let told = told("dropped").await;
    assert_eq!(told[..3], ["task_started", "row", "breaks"]);
    assert_eq!(told.len(), 4);
    assert!(told[3].starts_with("cancelled: "), "{told:?}");
}

#[tokio::test]
async fn what_destructors_say_while_a_panic_goes_up_comes_before_the_end() {
    publisher();
    assert_eq!(panic_of(breaks("unwinds", true), 2), "in the middle");
    let expected = ["task_started", "row", "breaks", "panic: in the middle"];
    assert_eq!(told("unwinds").await, expected);
}

#[job_events(task_type = "t")]
async fn outer(job_id: &str) {
    inner(&format!("{job_id}_inner")).await
}

#[job_events(task_type = "t")]
async fn inner(job_id: &str) {
    pause().await;
    panic!("deep inside of {}", job_id.len())
}

#[tokio::test]
async fn a_panic_goes_up_through_each_job() {
    publisher();
    let panic = tokio::spawn(outer("nested"))
        .await
        .unwrap_err()
        .into_panic();
    let text = "deep inside of 12";
    assert_eq!(panic.downcast_ref::<String>().unwrap(), text);
    for job_id in ["nested", "nested_inner"] {
        let expected = ["task_started".to_owned(), format!("panic: {text}")];
        assert_eq!(told(job_id).await, expected, "{job_id}");
    }
}

#[tokio::test]
async fn a_handle_that_a_panic_drops_ends_its_run_once() {
    let job = publisher().job("by_hand", "t").unwrap();
    let run = job.run_id().to_owned();
    let other = job.clone();
    let panicked = tokio::spawn(async move {
        let _job = other;
        panic!("in the middle")
    });
    drop(job);
    assert!(panicked.await.unwrap_err().is_panic());
    let events = events("by_hand").await;
    assert_eq!(events.len(), 2);
    assert_eq!(
        (&events[1]["run"], &events[1]["error_kind"]),
        (&json!(run), &json!("cancelled"))
    );
}
