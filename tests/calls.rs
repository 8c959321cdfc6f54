//! Jobs that are ordinary calls, that call each other, and that have others' attributes around them.
#![allow(clippy::unwrap_used)]

mod fates;
mod installed;

use std::panic::catch_unwind;

use fates::{Fate, Outcome, types};
use futures_util::future::BoxFuture;
use installed::{events, pause, publisher};
use serde_json::{Value, json};
use stream_events::{job_events, publish};

#[job_events(task_type = "call", ret)]
fn call(job_id: &str, fate: Fate) -> Outcome {
    publish!("row", of = job_id);
    let outcome = fate.meet()?;
    publish!("late");
    Ok(outcome)
}

#[tokio::test]
async fn a_call_is_a_run() {
    publisher();
    for (fate, expected, kind) in [
        (
            Fate::Done,
            &["task_started", "row", "late", "task_completed"][..],
            json!(null),
        ),
        (
            Fate::Refused,
            &["task_started", "row", "task_failed"],
            json!("error"),
        ),
        (
            Fate::Panic,
            &["task_started", "row", "task_failed"],
            json!("panic"),
        ),
    ] {
        let job_id = format!("call_{fate:?}");
        let returned = catch_unwind(|| call(&job_id, fate));
        match fate {
            Fate::Panic => assert_eq!(returned.unwrap_err().downcast_ref(), Some(&"out of paper")),
            _ => assert_eq!(returned.unwrap(), fate.meet()),
        }
        let (types, end) = types(&job_id).await;
        assert_eq!(types, expected);
        assert_eq!(end["error_kind"], kind);
        assert_eq!(
            end["result"],
            if kind.is_null() {
                json!(3)
            } else {
                json!(null)
            }
        );
    }
}

#[tokio::test]
async fn a_call_that_cannot_return_ends_by_its_panic() {
    #[job_events(task_type = "never")]
    fn never(job_id: &str) -> ! {
        publish!("row", of = job_id);
        panic!("out of paper")
    }
    publisher();
    let panic = catch_unwind(|| never("never")).unwrap_err();
    assert_eq!(panic.downcast_ref(), Some(&"out of paper"));
    let (types, end) = types("never").await;
    assert_eq!(types, ["task_started", "row", "task_failed"]);
    assert_eq!(end["error_kind"], "panic");
}

#[tokio::test]
async fn each_call_of_a_job_that_calls_itself_is_a_run_within_the_one_before() {
    #[job_events(task_type = "down", job_id = format!("down_{number}"))]
    fn down(number: u8) -> BoxFuture<'static, u8> {
        Box::pin(async move {
            pause().await;
            match number {
                0 => call_down(2),
                _ => down(number - 1).await,
            }
        })
    }
    #[job_events(task_type = "down", job_id = format!("call_down_{number}"))]
    fn call_down(number: u8) -> u8 {
        match number {
            0 => 7,
            _ => call_down(number - 1),
        }
    }
    publisher();
    assert_eq!(tokio::spawn(down(1)).await.unwrap(), 7);
    let mut parent = Value::Null;
    for job_id in [
        "down_1",
        "down_0",
        "call_down_2",
        "call_down_1",
        "call_down_0",
    ] {
        let events = events(job_id).await;
        assert_eq!(events.len(), 2, "{job_id}");
        assert_eq!(events[0]["parent_job_id"], parent, "{job_id}");
        parent = json!(job_id);
    }
}

/// As `#[tokio::test]` does: the function that is annotated is `async`, or it has become one that is not.
#[test]
fn a_runtime_that_is_put_around_a_job_is_around_it_or_within() {
    #[tokio::main(flavor = "current_thread")]
    #[job_events(task_type = "runtime")]
    async fn around(job_id: &str) -> Outcome {
        publish!("row", of = job_id);
        tokio::task::yield_now().await;
        Ok(3)
    }
    #[job_events(task_type = "runtime")]
    #[tokio::main(flavor = "multi_thread", worker_threads = 1)]
    async fn within(job_id: &str) -> Outcome {
        publish!("row", of = job_id);
        tokio::task::yield_now().await;
        Fate::Refused.meet()
    }
    publisher();
    assert_eq!(around("around"), Ok(3));
    assert_eq!(within("within"), Err("out of ink".to_owned()));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    for (job_id, end) in [("around", "task_completed"), ("within", "task_failed")] {
        let (types, _) = runtime.block_on(types(job_id));
        assert_eq!(types, ["task_started", "row", end]);
    }
}

#[tokio::test]
async fn arguments_that_are_not_there_are_no_fields() {
    #[job_events(task_type = "some", fields(a, b, c, ?d))]
    fn some(
        #[cfg(test)] job_id: &str,
        #[cfg(not(test))] job_id: Gone,
        a: u8,
        #[cfg(not(test))] b: Gone,
        #[cfg_attr(test, cfg(test))] c: u8,
        d: u8,
    ) {
        let _ = (job_id, a, c, d);
    }
    publisher();
    some("some", 1, 2, 3);
    let start = &events("some").await[0];
    assert_eq!(
        (&start["a"], &start["b"], &start["c"], &start["d"]),
        (&json!(1), &Value::Null, &json!(2), &json!("3"))
    );
}

/// A future that is kept twice would double at each level.
#[test]
fn a_job_within_a_job_adds_what_one_adds() {
    #[job_events(task_type = "first", job_id = new)]
    async fn first() -> [u8; 1024] {
        let kept = [1; 1024];
        pause().await;
        kept
    }
    #[job_events(task_type = "second", job_id = new)]
    async fn second() -> Outcome {
        Ok(first().await[0])
    }
    #[job_events(task_type = "third", job_id = new)]
    async fn third() -> Outcome {
        second().await
    }
    let sizes = [
        size_of_val(&first()),
        size_of_val(&second()),
        size_of_val(&third()),
    ];
    assert!(
        sizes[1] - sizes[0] < 1024 && sizes[2] - sizes[1] < 1024,
        "{sizes:?}"
    );
}
