//! Row 34: where code of a job finds its job, and where it does not: a job goes with its future, and into
//! threads and tasks as a handle.
#![allow(clippy::unwrap_used)]

mod between;
mod installed;

use std::future::Future;
use std::thread;
use std::time::Duration;

use between::between;
use installed::{events, pause, publisher};
use serde_json::Value;
use stream_events::{Fields, Progress, job_events, publish};
use tokio::task::spawn_blocking;

#[job_events(task_type = "t")]
async fn goes_elsewhere(job_id: &str) {
    let _ = job_id;
    publish!("before");
    let lost = tokio::spawn(async { publish!("in_a_task") });
    lost.await.unwrap();
    let lost = spawn_blocking(|| publish!("in_a_pool"));
    lost.await.unwrap();
    thread::scope(|scope| {
        scope.spawn(|| publish!("in_a_thread"));
    });
    publish!("after");
}

#[tokio::test]
async fn what_runs_elsewhere_has_no_job_and_harms_none() {
    publisher();
    goes_elsewhere("elsewhere").await;
    assert_eq!(between("elsewhere").await, ["before", "after"]);
}

#[job_events(task_type = "t")]
async fn waits_for_all(job_id: &str) {
    let _ = job_id;
    let part = |name: &'static str| async move {
        for n in 0..3 {
            pause().await;
            publish!("part", name, n);
        }
    };
    tokio::join!(part("a"), part("b"));
    tokio::select! {
        () = part("c") => {}
        () = std::future::pending() => {}
    }
    let late = tokio::time::timeout(Duration::from_secs(60), part("d"));
    late.await.unwrap();
    let boxed: std::pin::Pin<Box<dyn Future<Output = ()>>> = Box::pin(part("e"));
    boxed.await;
}

#[tokio::test]
async fn what_the_future_itself_polls_belongs_to_its_job() {
    publisher();
    waits_for_all("all").await;
    assert_eq!(between("all").await, ["part"; 15]);
}

#[job_events(task_type = "t")]
async fn moves(job_id: &str) {
    for n in 0..200 {
        publish!("row", n, of = job_id);
        // Whichever thread is free goes on.
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_job_that_moves_between_threads_keeps_its_stream() {
    publisher();
    let jobs = (0..8).map(|n| tokio::spawn(async move { moves(&format!("moves_{n}")).await }));
    for job in jobs.collect::<Vec<_>>() {
        job.await.unwrap();
    }
    for n in 0..8 {
        let job_id = format!("moves_{n}");
        let events = events(&job_id).await;
        let rows: Vec<_> = events
            .iter()
            .filter(|event| event["of"] == *job_id)
            .collect();
        assert!(rows.iter().zip(0..).all(|(row, n)| row["n"] == n));
        assert_eq!((rows.len(), events.len()), (200, 202));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handle_takes_its_job_into_tasks_pools_and_threads() {
    let job = publisher().job("taken", "t").unwrap();
    let in_task = tokio::spawn(job.scope(async { publish!("in_a_task") }));
    in_task.await.unwrap();
    let (in_pool, in_thread) = (job.clone(), job.clone());
    let pool = spawn_blocking(move || in_pool.emit("in_a_pool", Fields::new()));
    pool.await.unwrap();
    let thread = thread::spawn(move || in_thread.progress(Progress::new("in a thread")));
    thread.join().unwrap();
    // Whoever is inside of another job comes back to its own.
    let other = publisher().job("other", "t").unwrap();
    job.scope(async {
        other.scope(async { publish!("of_the_other") }).await;
        publish!("of_its_own");
    })
    .await;
    job.completed(&());
    other.completed(&());
    let expected = ["in_a_task", "in_a_pool", "task_progress", "of_its_own"];
    assert_eq!(between("taken").await, expected);
    assert_eq!(between("other").await, ["of_the_other"]);
}

#[tokio::test]
async fn a_future_that_is_made_in_one_job_and_run_in_another_belongs_to_the_other() {
    let (made_in, run_in) = (
        publisher().job("made_in", "t").unwrap(),
        publisher().job("run_in", "t").unwrap(),
    );
    async fn row() {
        publish!("row");
    }
    let [made] = made_in.scope(async { [row()] }).await;
    run_in.scope(made).await;
    made_in.completed(&());
    run_in.completed(&());
    assert_eq!(between("made_in").await, [""; 0]);
    assert_eq!(between("run_in").await, ["row"]);
}

#[tokio::test]
async fn a_job_that_is_called_in_a_job_has_a_run_of_its_own() {
    #[job_events(task_type = "outer")]
    async fn outer(job_id: &str) {
        inner(job_id).await;
        publish!("row", of = "outer");
    }
    #[job_events(task_type = "inner")]
    async fn inner(job_id: &str) {
        publish!("row", of = job_id);
    }
    publisher();
    outer("same").await;
    let events = events("same").await;
    let told = |event: &Value| {
        let text = |key: &str| event[key].as_str().unwrap_or_default().to_owned();
        format!("{} {}", text("task_type"), text("event_type"))
    };
    let told: Vec<_> = events.iter().map(told).collect();
    let expected = [
        "outer task_started",
        "inner task_started",
        "inner row",
        "inner task_completed",
        "outer row",
        "outer task_completed",
    ];
    assert_eq!(told, expected, "on one stream, as both have one id");
    assert_ne!(events[0]["run"], events[1]["run"]);
}
