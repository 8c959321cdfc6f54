//! Every shape of function that can be a job: its run begins where the work does and ends with it.
#![allow(clippy::unwrap_used)]

mod fates;
mod installed;

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use async_trait::async_trait;
use fates::{Fallible, Fate, Outcome, types};
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, LocalBoxFuture};
use installed::{events, pause, publisher};
use serde_json::json;
use stream_events::{job_events, publish};
use tracing::instrument;

async fn work(fate: Fate) -> Outcome {
    pause().await;
    publish!("row");
    pause().await;
    fate.meet()
}

#[job_events(task_type = "shape", ret)]
async fn native(job_id: String, fate: Fate) -> Outcome {
    let _ = job_id;
    work(fate).await
}

#[job_events(task_type = "shape", ret)]
fn opaque(job_id: String, fate: Fate) -> impl Future<Output = Outcome> + Send {
    let _ = job_id;
    work(fate)
}

#[job_events(task_type = "shape", ret)]
fn boxed(job_id: String, fate: Fate) -> Pin<Box<dyn Future<Output = Fallible<u8>> + Send + Sync>> {
    let _ = job_id;
    Box::pin(work(fate))
}

#[job_events(task_type = "shape", ret)]
fn alias(job_id: String, fate: Fate) -> BoxFuture<'static, Outcome> {
    let _ = job_id;
    work(fate).boxed()
}

#[job_events(task_type = "shape", ret)]
fn local(job_id: String, fate: Fate) -> LocalBoxFuture<'static, Outcome> {
    let _ = job_id;
    work(fate).boxed_local()
}

#[async_trait]
trait Task {
    async fn of_impl(self, job_id: String, fate: Fate) -> Outcome;
    async fn instrument_below(self, job_id: String, fate: Fate) -> Outcome;
    async fn instrument_above(self, job_id: String, fate: Fate) -> Outcome;

    #[job_events(task_type = "shape", ret)]
    async fn of_trait(self, job_id: String, fate: Fate) -> Outcome
    where
        Self: Sized + Send + 'static,
    {
        let _ = job_id;
        work(fate).await
    }
}

#[async_trait]
impl Task for () {
    #[job_events(task_type = "shape", ret)]
    async fn of_impl(self, job_id: String, fate: Fate) -> Outcome {
        let _ = job_id;
        work(fate).await
    }

    #[job_events(task_type = "shape", ret)]
    #[instrument(err)]
    async fn instrument_below(self, job_id: String, fate: Fate) -> Outcome {
        let _ = job_id;
        work(fate).await
    }

    #[instrument(err)]
    #[job_events(task_type = "shape", ret)]
    async fn instrument_above(self, job_id: String, fate: Fate) -> Outcome {
        let _ = job_id;
        work(fate).await
    }
}

#[async_trait(?Send)]
trait LocalTask {
    async fn not_send(self, job_id: String, fate: Fate) -> Outcome;
}

#[async_trait(?Send)]
impl LocalTask for () {
    #[job_events(task_type = "shape", ret)]
    async fn not_send(self, job_id: String, fate: Fate) -> Outcome {
        let kept = std::rc::Rc::new(job_id);
        let outcome = work(fate).await;
        drop(kept);
        outcome
    }
}

type Call = fn(String, Fate) -> LocalBoxFuture<'static, Outcome>;

const SHAPES: [(&str, Call); 10] = [
    ("native", |id, fate| Box::pin(native(id, fate))),
    ("opaque", |id, fate| Box::pin(opaque(id, fate))),
    ("boxed", |id, fate| boxed(id, fate)),
    ("alias", |id, fate| alias(id, fate)),
    ("local", local),
    ("of_impl", |id, fate| ().of_impl(id, fate)),
    ("of_trait", |id, fate| ().of_trait(id, fate)),
    ("below", |id, fate| ().instrument_below(id, fate)),
    ("above", |id, fate| ().instrument_above(id, fate)),
    ("not_send", |id, fate| ().not_send(id, fate)),
];

#[tokio::test]
async fn a_future_of_any_shape_is_completed_when_its_work_is_done() {
    publisher();
    for (shape, call) in SHAPES {
        let job_id = format!("done_{shape}");
        let mut future = call(job_id.clone(), Fate::Done);
        assert!(poll(&mut future).is_pending());
        assert_eq!(types(&job_id).await.0, ["task_started"], "{shape}");
        assert!(poll(&mut future).is_pending());
        assert_eq!(types(&job_id).await.0, ["task_started", "row"], "{shape}");
        assert_eq!(poll(&mut future), Poll::Ready(Ok(3)));
        let (types, end) = types(&job_id).await;
        assert_eq!(types, ["task_started", "row", "task_completed"], "{shape}");
        assert_eq!(end["result"], 3, "{shape}");
    }
}

fn poll(future: &mut LocalBoxFuture<'static, Outcome>) -> Poll<Outcome> {
    future
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()))
}

#[tokio::test]
async fn a_result_is_one_by_whatever_name() {
    publisher();
    for (shape, call) in SHAPES {
        let job_id = format!("refused_{shape}");
        let returned = call(job_id.clone(), Fate::Refused).await;
        assert_eq!(returned, Err("out of ink".to_owned()));
        let (types, end) = types(&job_id).await;
        assert_eq!(types, ["task_started", "row", "task_failed"], "{shape}");
        assert_eq!(
            (&end["error_kind"], &end["error"]),
            (&json!("error"), &json!("out of ink"))
        );
    }
}

#[tokio::test]
async fn a_future_that_is_never_polled_leaves_nothing() {
    publisher();
    for (shape, call) in SHAPES {
        let job_id = format!("unpolled_{shape}");
        drop(call(job_id.clone(), Fate::Panic));
        assert_eq!(types(&job_id).await.0, [""; 0], "{shape}");
    }
}

#[tokio::test]
async fn a_future_of_any_shape_that_is_dropped_is_cancelled() {
    publisher();
    for (shape, call) in SHAPES {
        for polls in 1..=2 {
            let job_id = format!("dropped_{shape}_{polls}");
            let mut future = call(job_id.clone(), Fate::Done);
            for _ in 0..polls {
                assert!(poll(&mut future).is_pending());
            }
            drop(future);
            let (types, end) = types(&job_id).await;
            let expected = [&["task_started"], &["row"][..polls - 1], &["task_failed"]].concat();
            assert_eq!(types, expected, "{shape}");
            assert_eq!(end["error_kind"], "cancelled", "{shape}");
        }
    }
}

#[tokio::test]
async fn a_panic_in_any_shape_is_one_and_goes_on_to_the_caller() {
    publisher();
    for (shape, call) in SHAPES {
        let job_id = format!("panic_{shape}");
        let panic = AssertUnwindSafe(call(job_id.clone(), Fate::Panic))
            .catch_unwind()
            .await;
        assert_eq!(panic.unwrap_err().downcast_ref(), Some(&"out of paper"));
        let (types, end) = types(&job_id).await;
        assert_eq!(types, ["task_started", "row", "task_failed"], "{shape}");
        assert_eq!(
            (&end["error_kind"], &end["error"]),
            (&json!("panic"), &json!("out of paper"))
        );
    }
}

/// What an `async fn` has for its own is in the run; what any other does before its future is there
/// comes before the run.
#[tokio::test]
async fn a_run_begins_with_its_future_not_with_the_call_that_makes_it() {
    #[job_events(task_type = "early", fields(n))]
    fn early(job_id: &str, mut n: u8) -> impl Future<Output = u8> {
        publish!("early", of = job_id);
        n += 1;
        async move {
            publish!("late", n);
            n
        }
    }
    publisher();
    let future = early("early", 1);
    assert_eq!(types("early").await.0, [""; 0]);
    assert_eq!(future.await, 2);
    let events = events("early").await;
    assert_eq!(
        (&events[0]["n"], &events[1]["event_type"]),
        (&json!(1), &json!("late"))
    );
    assert_eq!(events.len(), 3);
}
