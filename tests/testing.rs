//! What users test their jobs with: each test sees its own events and no other's.
#![allow(clippy::unwrap_used)]

use std::panic::catch_unwind;
use std::sync::Barrier;
use std::time::Duration;

use stream_events::{
    JobId, Publisher, Reader, Scrub, assert_events, job_events, progress, progress_span, publish,
    testing,
};
use support::{Program, scenario, wait_until};
use tokio::runtime::{Builder, Handle, Runtime};
use tracing_subscriber::prelude::*;
use tracing_subscriber::{fmt, registry};

const SOON: Duration = Duration::from_secs(30);

#[job_events(task_type = "t", fields(of), ret)]
async fn works(job_id: &str, of: usize) -> usize {
    publish!("row", of, job = job_id);
    tokio::task::yield_now().await;
    of
}

#[job_events(task_type = "t", job_id = new, fields(of))]
async fn has_an_id_of_its_own(of: usize) {
    progress!("of {of}");
}

fn single() -> Runtime {
    Builder::new_current_thread().build().unwrap()
}

fn several() -> Runtime {
    Builder::new_multi_thread()
        .worker_threads(2)
        .build()
        .unwrap()
}

/// As a test in a runtime of its own: the same job, here and in tasks of any kind.
async fn records_its_own(of: usize, barrier: &Barrier) {
    let recorded = testing::start();
    barrier.wait();
    works("here", of).await;
    tokio::spawn(works("spawned", of)).await.unwrap();
    let blocking = move || Handle::current().block_on(works("blocking", of));
    tokio::task::spawn_blocking(blocking).await.unwrap();
    barrier.wait();
    for job in ["here", "spawned", "blocking"] {
        assert_events!(recorded.events(job).await, [
            "task_started" { of: of },
            "row" { of: of, job: job },
            "task_completed" { result: of },
        ]);
    }
    assert_eq!(recorded.jobs().await.len(), 3);
}

#[test]
fn tests_that_run_side_by_side_do_not_see_each_other() {
    const TESTS: usize = 12;
    let barrier = Barrier::new(TESTS);
    let is_over = std::thread::scope(|scope| {
        let tests: Vec<_> = (0..TESTS)
            .map(|of| {
                let barrier = &barrier;
                scope.spawn(move || {
                    let runtime = if of % 2 == 0 { single() } else { several() };
                    runtime.block_on(records_its_own(of, barrier));
                })
            })
            .collect();
        tests.into_iter().all(|test| test.join().is_ok())
    });
    assert!(is_over);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn spawned_tasks_of_several_threads_are_of_their_test() {
    let recorded = stream_events_tracing::testing::start();
    let tasks: Vec<_> = (0..20)
        .map(|of| tokio::spawn(has_an_id_of_its_own(of)))
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let jobs = recorded.jobs().await;
    assert_eq!(jobs.len(), 20);
    let mut seen = Vec::new();
    for job in &jobs {
        let events = recorded.events(job).await;
        let of: u64 = events[0].field("of").unwrap().unwrap();
        assert_events!(events, ["task_started", "task_progress" { progress: format!("of {of}") }, "task_completed"]);
        seen.push(of);
    }
    seen.sort_unstable();
    assert_eq!(seen, (0..20).collect::<Vec<_>>());
}

#[test]
fn a_test_that_is_not_async_has_its_runtime_and_hands_its_threads_the_job() {
    let recorded = testing::start();
    let runtime = several();
    runtime.block_on(works("here", 1));
    // The test was in the runtime, so that it is the test's.
    let spawned = runtime.spawn(works("spawned", 2));
    runtime.block_on(spawned).unwrap();
    let job = recorded.publisher().job("by_hand", "t").unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| job.in_scope(|| single().block_on(works("of_a_thread", 3))));
    });
    drop(job);
    for (job, of) in [("here", 1), ("spawned", 2), ("of_a_thread", 3)] {
        assert_events!(recorded.events_blocking(job), [.., "task_completed" { result: of }]);
    }
    assert_events!(recorded.events_blocking("by_hand"), ["task_started", "task_failed" { error_kind: "cancelled" }]);
    let in_order = ["here", "spawned", "by_hand", "of_a_thread"];
    assert_eq!(
        recorded.jobs_blocking(),
        in_order.map(|id| JobId::try_from(id).unwrap())
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn what_has_an_end_gives_its_runtime_back() {
    let outer = testing::start();
    drop(testing::start());
    tokio::spawn(works("spawned", 1)).await.unwrap();
    assert_eq!(outer.jobs().await.len(), 1);
    drop(outer);
    tokio::spawn(works("spawned", 2)).await.unwrap();
    assert_events!(testing::start().events("spawned").await, []);
}

#[test]
fn what_has_an_end_gives_its_thread_back_and_keeps_nothing() {
    let outer = testing::start();
    let inner = testing::start();
    single().block_on(works("of_inner", 1));
    assert_eq!(inner.jobs_blocking().len(), 1);
    let store = inner.publisher().store().to_owned();
    drop(inner);
    single().block_on(works("of_outer", 2));
    assert_events!(
        outer.events_blocking("of_outer"),
        ["task_started", .., "task_completed"]
    );
    assert_eq!(outer.jobs_blocking().len(), 1);
    // What is kept of it goes with its worker.
    wait_until("it is forgotten", || {
        let reader = Reader::connect(store.as_str()).unwrap();
        single().block_on(reader.stream_length("of_inner")).unwrap() == 0
    });
}

#[tokio::test]
async fn a_test_is_before_what_is_installed_and_leaves_that_alone() {
    let installed = Publisher::connect("memory:installed").unwrap().install();
    let recorded = testing::start();
    works("recorded", 1).await;
    let elsewhere = || single().block_on(works("installed", 2));
    std::thread::scope(|scope| scope.spawn(elsewhere).join()).unwrap();
    assert_eq!(
        recorded.jobs().await,
        [JobId::try_from("recorded").unwrap()]
    );
    let publisher = installed.publisher();
    assert!(publisher.flush(SOON).await.complete);
    assert_eq!(publisher.stream_length("installed").await.unwrap(), 3);
    assert_eq!(publisher.stream_length("recorded").await.unwrap(), 0);
}

#[tokio::test]
async fn progress_and_phases_are_recorded_with_the_layer() {
    let recorded = stream_events_tracing::testing::start();
    let job = recorded.publisher().job("job_1", "t").unwrap();
    job.in_scope(|| {
        progress!("reading", step = "read", percent = 12.5);
        drop(progress_span!("a phase", total = 3));
    });
    job.completed(&());
    assert_events!(recorded.events("job_1").await, [
        "task_started" {},
        "task_progress" { progress: "reading", step: "read", "percent": 12.5, },
        "task_progress" { progress: "a phase", total: 3 },
        ..,
        "task_completed" { result: () }
    ]);
}

#[test]
fn a_subscriber_without_the_layer_is_told_of_and_one_with_it_will_do() {
    const NAME: &str = "a_subscriber_without_the_layer_is_told_of_and_one_with_it_will_do";
    match scenario().as_deref() {
        Some("with") => {
            registry()
                .with(fmt::layer())
                .with(stream_events_tracing::layer())
                .init();
            let recorded = stream_events_tracing::testing::start();
            single().block_on(has_an_id_of_its_own(1));
            assert_eq!(
                recorded.events_blocking(&recorded.jobs_blocking()[0]).len(),
                3
            );
        }
        Some(_) => {
            fmt().init();
            let started = catch_unwind(stream_events_tracing::testing::start);
            let said = *started.unwrap_err().downcast::<&str>().unwrap();
            assert!(said.contains("add the layer to it"), "{said}");
        }
        None => ["with", "without"]
            .map(|scene| Program::again(NAME, scene).run().passed())
            .into_iter()
            .collect(),
    }
}

#[test]
fn what_is_recorded_is_scrubbed_as_elsewhere() {
    let recorded = testing::start();
    let url = "redis://u:s3cret@h";
    let job = recorded.publisher().job("job_1", "t").unwrap();
    job.failed(url);
    assert_events!(recorded.events_blocking("job_1"), [.., "task_failed" { error: Scrub::default().text(url) }]);
}
