//! A job that is given up, whatever way: its run is cancelled, once, and its own destructors have spoken before that.
#![allow(clippy::unwrap_used)]

mod installed;

use std::future::{Future, pending, ready};
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use installed::{events, pause, publisher};
use serde_json::Value;
use stream_events::{job_events, publish};
use tokio::sync::oneshot;

/// The types of a job's events, its end with its kind of error.
async fn types(job_id: &str) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let kind = |event: &Value| match &event["error_kind"] {
        Value::Null => text(&event["event_type"]),
        kind => format!("{}: {}", text(&event["event_type"]), text(kind)),
    };
    events(job_id).await.iter().map(kind).collect()
}

/// Polls a future this often, or until it is done, and drops it.
fn poll_and_drop<T>(future: impl Future<Output = T>, polls: usize) -> Option<T> {
    let mut future = pin!(future);
    for _ in 0..polls {
        if let Poll::Ready(output) = future
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()))
        {
            return Some(output);
        }
    }
    None
}

const STEPS: usize = 5;

/// Says on its stream that it goes.
struct Workplace;

impl Drop for Workplace {
    fn drop(&mut self) {
        publish!("tidied");
    }
}

#[job_events(task_type = "steps")]
async fn steps(job_id: &str) -> usize {
    let _ = job_id;
    let _workplace = Workplace;
    for n in 0..STEPS - 1 {
        publish!("step", n);
        pause().await;
    }
    last_step().await;
    STEPS
}

async fn last_step() {
    publish!("step", n = STEPS - 1);
    pause().await;
}

/// Row 29: at every await.
#[tokio::test]
async fn a_future_dropped_at_any_await_ends_its_run_once() {
    publisher();
    assert_eq!(poll_and_drop(steps("dropped_0"), 0), None);
    assert_eq!(types("dropped_0").await, [""; 0], "it never started");
    for polls in 1..=STEPS + 1 {
        let job_id = format!("dropped_{polls}");
        let returned = poll_and_drop(steps(&job_id), polls);
        let (output, end) = match polls {
            ..=STEPS => (None, "task_failed: cancelled"),
            _ => (Some(STEPS), "task_completed"),
        };
        assert_eq!(returned, output);
        // What the job's destructors say comes before the end.
        let mut expected = vec!["task_started"];
        expected.extend(["step"].repeat(polls.min(STEPS)));
        expected.extend(["tidied", end]);
        assert_eq!(types(&job_id).await, expected);
    }
}

#[job_events(task_type = "endless")]
async fn endless(job_id: &'static str, started: oneshot::Sender<()>) {
    let _ = job_id;
    // Where nobody waits for the start, the job is polled before it is given up.
    started.send(()).ok();
    pending().await
}

fn unheard() -> oneshot::Sender<()> {
    oneshot::channel().0
}

/// Row 29: by `select!`, a timeout, an abort, and the end of its runtime.
#[tokio::test]
async fn however_a_job_is_given_up_its_run_is_cancelled() {
    publisher();
    tokio::select! {
        biased;
        _ = endless("selected", unheard()) => unreachable!(),
        () = ready(()) => {}
    }
    let late = tokio::time::timeout(Duration::from_millis(1), endless("timed_out", unheard()));
    late.await.unwrap_err();

    let (started, has_started) = oneshot::channel();
    let task = tokio::spawn(endless("aborted", started));
    has_started.await.unwrap();
    task.abort();
    assert!(task.await.unwrap_err().is_cancelled());

    let ended_with_its_runtime = || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        let (started, has_started) = oneshot::channel();
        runtime.spawn(endless("orphaned", started));
        runtime.block_on(has_started).unwrap();
    };
    std::thread::spawn(ended_with_its_runtime).join().unwrap();

    for job_id in ["selected", "timed_out", "aborted", "orphaned"] {
        let expected = ["task_started", "task_failed: cancelled"];
        assert_eq!(types(job_id).await, expected, "{job_id}");
        let why = "the future was dropped before it was done";
        assert_eq!(events(job_id).await[1]["error"], why);
    }
}

/// What a thread holds is dropped where the thread has no scopes any more; a panic there would end the
/// process.
#[test]
fn a_job_whose_thread_ends_is_cancelled_like_any() {
    use std::cell::RefCell;
    use std::pin::Pin;
    thread_local! {
        static HELD: RefCell<Option<Pin<Box<dyn Future<Output = ()>>>>> = const { RefCell::new(None) };
    }
    let name = "a_job_whose_thread_ends_is_cancelled_like_any";
    let Some(url) = support::scenario() else {
        let redis = support::TestRedis::shared();
        support::Program::again(name, &redis.url()).run().passed();
        let events = redis.entries("job_events:thread_ends");
        assert_eq!(events.len(), 2);
        assert_eq!(events[1].data()["error_kind"], "cancelled");
        return;
    };
    let installed = stream_events::Publisher::connect(url).unwrap().install();
    let thread = std::thread::spawn(|| {
        HELD.with(|held| {
            let mut job = Box::pin(endless("thread_ends", unheard()));
            let mut context = Context::from_waker(Waker::noop());
            assert!(job.as_mut().poll(&mut context).is_pending());
            *held.borrow_mut() = Some(job);
        });
    });
    thread.join().unwrap();
    drop(installed);
}
