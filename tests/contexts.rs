//! Row 34: where code of a job finds its job, and where it does not: a job goes with its future, into
//! threads and tasks as a handle, and with its span where the Layer is there.
#![allow(clippy::unwrap_used)]

mod installed;

use std::future::Future;
use std::thread;
use std::time::Duration;

use futures_util::FutureExt;
use installed::{events, pause, publisher};
use serde_json::Value;
use stream_events::{Fields, Job, Progress, job_events, progress, progress_span, publish};
use stream_events_tracing::{ProgressSpan, layer};
use support::{Program, scenario};
use tokio::task::spawn_blocking;
use tracing::{Instrument, Span, Subscriber, info_span};
use tracing_subscriber::filter::EnvFilter;
use tracing_subscriber::prelude::*;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::{Layer, fmt, registry};

/// The types of a job's events between its start and its end.
async fn between(job_id: &str) -> Vec<String> {
    let events = events(job_id).await;
    let types = events
        .iter()
        .map(|event| event["event_type"].as_str().unwrap().to_owned());
    let mut types: Vec<_> = types.collect();
    assert_eq!(
        (types.remove(0), types.pop().unwrap()),
        ("task_started".into(), "task_completed".into())
    );
    types
}

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

/// Where a job may have its work done, in a span of it or with its handle.
const PLACES: [&str; 9] = [
    "task_in_span",
    "task_in_a_span_within",
    "pool_in_span",
    "pool_with_handle",
    "thread_in_span",
    "thread_in_a_span_within",
    "thread_with_handle",
    "rayon_in_span",
    "rayon_with_handle",
];

#[job_events(task_type = "goes")]
async fn goes_to(job_id: &str) {
    let (span, job) = (Span::current(), Job::current().unwrap());
    let within = info_span!("within");
    let place = job_id.to_owned();
    let all = move || says_all(&place);
    match job_id {
        "task_in_span" => tokio::spawn(async move { all() }.in_current_span())
            .await
            .unwrap(),
        "task_in_a_span_within" => tokio::spawn(async move { all() }.instrument(within))
            .await
            .unwrap(),
        "pool_in_span" => spawn_blocking(move || span.in_scope(all)).await.unwrap(),
        "pool_with_handle" => spawn_blocking(move || job.in_scope(all)).await.unwrap(),
        "thread_in_span" => thread::spawn(move || span.in_scope(all)).join().unwrap(),
        "thread_in_a_span_within" => thread::spawn(move || within.in_scope(all)).join().unwrap(),
        "thread_with_handle" => thread::spawn(move || job.in_scope(all)).join().unwrap(),
        "rayon_in_span" => rayon::scope(|pool| pool.spawn(|_| span.in_scope(all))),
        "rayon_with_handle" => rayon::scope(|pool| pool.spawn(|_| job.in_scope(all))),
        _ => unreachable!("{job_id}"),
    }
}

fn says_all(place: &str) {
    progress!("in {place}");
    publish!("row", place);
    let phase = progress_span!("a phase of {place}", total = 1);
    phase.inc(1);
    drop(phase);
    works_within(&format!("in_{place}")).now_or_never().unwrap();
}

#[job_events(task_type = "within")]
async fn works_within(job_id: &str) {
    publish!("row", of = job_id);
}

fn lines<S: Subscriber + for<'a> LookupSpan<'a>>() -> impl Layer<S> {
    fmt::layer().with_writer(std::io::sink)
}

/// Each with what it is beside, or behind.
fn subscribe(scene: &str) {
    let warnings = lines().with_filter(EnvFilter::new("warn"));
    let for_all = EnvFilter::new("warn,stream_events=info");
    match scene {
        "alone" => registry().with(layer()).init(),
        "before lines" => registry().with(layer()).with(lines()).init(),
        "behind lines" => registry().with(lines()).with(layer()).init(),
        "beside warnings" => registry().with(warnings).with(layer()).init(),
        _ => registry().with(for_all).with(layer()).with(lines()).init(),
    }
}

/// Under a global subscriber, which may hang where a local one does not: so in processes under a watch.
/// In each a publisher's worker has a subscriber of its own, which hears nothing.
#[test]
fn all_of_a_job_finds_it_in_tasks_pools_and_threads() {
    let Some(scene) = scenario() else {
        for scene in [
            "alone",
            "before lines",
            "behind lines",
            "beside warnings",
            "behind a filter",
        ] {
            let test = "all_of_a_job_finds_it_in_tasks_pools_and_threads";
            Program::again(test, scene).run().passed();
        }
        return;
    };
    publisher();
    subscribe(&scene);
    let runtime = tokio::runtime::Builder::new_multi_thread().build().unwrap();
    // A span of the user's own that nobody listens to is none.
    let has_within = scene.ends_with("lines");
    let is_there = |place: &&str| has_within || !place.ends_with("within");
    for place in PLACES.into_iter().filter(is_there) {
        runtime.block_on(goes_to(place));
        let progress = "task_progress";
        let expected = [progress, "row", progress, progress, progress];
        assert_eq!(runtime.block_on(between(place)), expected, "{place}");
        let within = runtime.block_on(events(&format!("in_{place}")));
        let told: Vec<_> = within.iter().map(|event| &event["parent_job_id"]).collect();
        assert_eq!(told, [place; 3], "{place}");
    }
}
