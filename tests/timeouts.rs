//! A job that is not done in time is dropped: its run says so, and its caller gets the job's own error.
#![allow(clippy::unwrap_used)]

mod by_hand;
mod installed;

use std::future::{pending, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::Poll;
use std::time::{Duration, Instant};

use by_hand::by_hand;
use installed::{events, pause, publisher};
use serde_json::{Value, json};
use stream_events::{Elapsed, job_events, publish};
use support::{Program, scenario};
use tokio::runtime::Builder;
use tokio::time::sleep;

#[derive(Debug, PartialEq)]
enum Failed {
    Late(Duration),
    Inner(Elapsed),
}

impl From<Elapsed> for Failed {
    fn from(elapsed: Elapsed) -> Self {
        Self::Late(elapsed.after())
    }
}

impl std::fmt::Display for Failed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("failed")
    }
}

async fn types(job_id: &str) -> Vec<Value> {
    let events = events(job_id).await;
    events
        .iter()
        .map(|event| event["event_type"].clone())
        .collect()
}

async fn end(job_id: &str) -> Value {
    events(job_id).await.pop().unwrap()
}

/// Says on its stream that it goes.
struct Workplace;

impl Drop for Workplace {
    fn drop(&mut self) {
        publish!("tidied");
    }
}

const SHORT: Duration = Duration::from_millis(20);

#[job_events(task_type = "t", timeout = "20ms", attempt = 1, max_attempts = 2)]
async fn endless(job_id: &str) -> Result<(), Failed> {
    let _workplace = Workplace;
    publish!("row", of = job_id);
    pending().await
}

#[tokio::test]
async fn a_job_that_is_late_is_dropped_and_its_caller_gets_its_own_error() {
    publisher();
    let start = Instant::now();
    assert_eq!(endless("late").await, Err(Failed::Late(SHORT)));
    assert!(start.elapsed() >= SHORT);
    // What its destructors say comes before the end.
    let expected = ["task_started", "row", "tidied", "task_failed"];
    assert_eq!(types("late").await, expected);
    let end = end("late").await;
    assert_eq!(end["error_kind"], "timeout");
    assert_eq!(end["error"], "not done within 20ms");
    assert_eq!(end["will_retry"], true);
    assert!(end["duration_ms"].as_u64().unwrap() >= 20);
}

/// It hands its thread back again and again, and tokio's own timers are not looked at then.
#[tokio::test]
async fn a_job_that_has_always_more_to_do_is_late_too() {
    #[job_events(task_type = "t", timeout = SHORT)]
    async fn never_waits(job_id: &str, for_long: Instant) -> Result<usize, Failed> {
        while for_long.elapsed() < installed::SOON {
            tokio::task::consume_budget().await;
        }
        Ok(job_id.len())
    }
    publisher();
    let late = never_waits("busy", Instant::now()).await;
    assert_eq!(late, Err(Failed::Late(SHORT)));
    assert_eq!(end("busy").await["error_kind"], "timeout");
}

#[job_events(task_type = "t", timeout = after, ret)]
async fn takes(job_id: &str, time: Duration, after: Duration) -> Result<usize, Failed> {
    sleep(time).await;
    Ok(job_id.len())
}

#[tokio::test]
async fn a_job_that_is_done_in_time_is_not_touched() {
    publisher();
    let hour = Duration::from_secs(3600);
    for (job_id, after) in [("in_time_1", hour), ("in_time_2", Duration::MAX)] {
        assert_eq!(takes(job_id, SHORT, after).await, Ok(9));
        assert_eq!(end(job_id).await["result"], 9);
    }
    let none = takes("in_no_time", SHORT, Duration::ZERO).await;
    assert_eq!(none, Err(Failed::Late(Duration::ZERO)));
    assert_eq!(end("in_no_time").await["error"], "not done within 0ns");
}

/// The job is woken by its deadline, finds that it is done, and was in time.
#[tokio::test]
async fn a_job_that_is_done_as_its_time_ends_was_in_time() {
    #[job_events(task_type = "t", timeout = "250ms")]
    async fn done_at_the_second_look(job_id: &str) -> Result<usize, Failed> {
        let mut looks = 0;
        poll_fn(|_| {
            looks += 1;
            if looks == 1 {
                Poll::Pending
            } else {
                Poll::Ready(())
            }
        })
        .await;
        Ok(job_id.len())
    }
    publisher();
    assert_eq!(done_at_the_second_look("close").await, Ok(5));
    assert_eq!(types("close").await, ["task_started", "task_completed"]);
}

#[tokio::test]
async fn a_job_within_a_job_has_a_time_of_its_own() {
    #[job_events(task_type = "t", timeout = "1ms")]
    async fn inner(job_id: &str) -> Result<(), Elapsed> {
        let _ = job_id;
        pending().await
    }
    #[job_events(task_type = "t", timeout = "1h")]
    async fn outer(job_id: &str) -> Result<(), Failed> {
        let inner = inner("inner_late").await.map_err(Failed::Inner);
        publish!("goes_on", of = job_id);
        inner
    }
    publisher();
    let Err(Failed::Inner(elapsed)) = outer("outer_in_time").await else {
        panic!("it is late")
    };
    assert_eq!(elapsed.after(), Duration::from_millis(1));
    assert_eq!(end("inner_late").await["error_kind"], "timeout");
    let expected = ["task_started", "goes_on", "task_failed"];
    assert_eq!(types("outer_in_time").await, expected);
    assert_eq!(end("outer_in_time").await["error_kind"], "error");
}

#[tokio::test]
async fn a_destructor_that_panics_as_time_ends_goes_on_to_the_caller() {
    struct Breaks;
    impl Drop for Breaks {
        fn drop(&mut self) {
            panic!("while it tidies up");
        }
    }
    #[job_events(task_type = "t", timeout = "1ms")]
    async fn breaks(job_id: &str) -> Result<(), Failed> {
        let _breaks = Breaks;
        let _ = job_id;
        pending().await
    }
    publisher();
    let panic = tokio::spawn(breaks("breaks")).await.unwrap_err();
    let text = panic.into_panic();
    assert_eq!(*text.downcast_ref::<&str>().unwrap(), "while it tidies up");
    assert_eq!(types("breaks").await, ["task_started", "task_failed"]);
    assert_eq!(end("breaks").await["error_kind"], "timeout");
}

/// The time of a test that has stopped it is the job's; its deadline is not.
#[tokio::test(start_paused = true)]
async fn stopped_time_neither_hastens_nor_holds_up_a_deadline() {
    let hours = Duration::from_secs(7200);
    assert_eq!(takes("paused", hours, hours / 2).await, Ok(6));
    assert_eq!(endless("paused_too").await, Err(Failed::Late(SHORT)));
}

#[test]
fn a_deadline_holds_in_any_runtime_and_in_none() {
    publisher();
    let without_a_timer = Builder::new_current_thread().build().unwrap();
    let of_several_threads = Builder::new_multi_thread().build().unwrap();
    let late = Err(Failed::Late(SHORT));
    assert_eq!(without_a_timer.block_on(endless("single")), late);
    let spawned = of_several_threads.spawn(endless("several"));
    assert_eq!(of_several_threads.block_on(spawned).unwrap(), late);
    assert_eq!(by_hand(endless("by_hand")), late);
    for job_id in ["single", "several", "by_hand"] {
        let end = without_a_timer.block_on(end(job_id));
        assert_eq!(end["error_kind"], json!("timeout"), "{job_id}");
    }
}

#[job_events(task_type = "t", timeout = time, job_id = job_id.to_owned())]
fn boxed<'a>(
    job_id: &'a str,
    time: Duration,
) -> Pin<Box<dyn Future<Output = Result<(), Failed>> + Send + 'a>> {
    Box::pin(async move {
        publish!("row", of = job_id);
        pending().await
    })
}

#[tokio::test]
async fn a_future_that_is_returned_has_a_time_too() {
    publisher();
    let late = boxed("boxed", Duration::from_millis(1)).await;
    assert_eq!(late, Err(Failed::Late(Duration::from_millis(1))));
    assert_eq!(end("boxed").await["error_kind"], "timeout");
}

/// In a process of its own, which nothing was installed in.
#[test]
fn a_deadline_holds_where_no_publisher_is_installed() {
    let name = "a_deadline_holds_where_no_publisher_is_installed";
    if scenario().is_none() {
        return Program::again(name, "memory:").run().passed();
    }
    assert_eq!(by_hand(endless("unseen")), Err(Failed::Late(SHORT)));
    let in_time = by_hand(in_a_moment("unseen"));
    assert_eq!(in_time, Ok(6));
    let panicked = catch_unwind(AssertUnwindSafe(|| by_hand(breaks("unseen"))));
    assert!(panicked.is_err());
}

#[job_events(task_type = "t", timeout = "1h")]
async fn in_a_moment(job_id: &str) -> Result<usize, Failed> {
    pause().await;
    Ok(job_id.len())
}

#[job_events(task_type = "t", timeout = "1h")]
async fn breaks(job_id: &str) -> Result<usize, Failed> {
    pause().await;
    panic!("{job_id}")
}
