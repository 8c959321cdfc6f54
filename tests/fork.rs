//! Row 33: a process that forks after its publisher was connected. The child has no worker: nothing in
//! it waits, and nothing of it arrives.
#![allow(clippy::unwrap_used)]

use std::time::{Duration, Instant};

use fork::{Fork, fork, waitpid};
use futures_util::FutureExt;
use stream_events::{ErrorKind, Fields, Progress, Publisher, job_events, progress_span};
use stream_events_tracing::{ProgressSpan, layer};
use support::{Program, TestRedis, scenario, seqs};
use tracing_subscriber::prelude::*;

const IN_TIME: Duration = Duration::from_secs(20);

/// What the forking process does, and its child.
fn forks(url: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let publisher = Publisher::connect(url).unwrap();
    let job = publisher.job("job_001", "t").unwrap();
    assert!(runtime.block_on(publisher.flush(IN_TIME)).complete);
    match fork().unwrap() {
        Fork::Child => {
            let began = Instant::now();
            for n in 0..1000 {
                job.progress(Progress::new("in the child").current(n));
                job.emit("row", Fields::new());
            }
            let refused = publisher.job("job_002", "t").unwrap_err();
            assert_eq!(refused.kind(), ErrorKind::Closed);
            let event = publisher.publish_event("job_001", &());
            let error = runtime.block_on(event).unwrap_err();
            assert!(
                error.to_string().starts_with("this process was forked"),
                "{error}"
            );
            assert!(!runtime.block_on(publisher.flush(IN_TIME)).complete);
            assert!(!runtime.block_on(publisher.shutdown(IN_TIME)).complete);
            drop(publisher.install());
            drop(job);
            assert!(began.elapsed() < IN_TIME / 4, "nothing waited");
            println!("the child is through");
            std::process::exit(0);
        }
        Fork::Parent(child) => {
            waitpid(child).unwrap();
            job.emit("row", Fields::new());
            job.completed(&());
            assert!(runtime.block_on(publisher.flush(IN_TIME)).complete);
        }
    }
}

#[job_events(task_type = "t", job_id = new, timeout = "10ms")]
async fn endless() -> std::io::Result<()> {
    std::future::pending().await
}

/// Forks while other threads begin to wait.
fn forks_amid_timeouts() {
    for _ in 0..4 {
        std::thread::spawn(|| {
            loop {
                let _ = endless().now_or_never();
            }
        });
    }
    let runtime = || {
        let runtime = tokio::runtime::Builder::new_current_thread();
        { runtime }.build().unwrap()
    };
    assert!(runtime().block_on(endless()).is_err());
    for _ in 0..10 {
        match fork().unwrap() {
            Fork::Child => {
                let late = runtime().block_on(endless());
                std::process::exit(i32::from(late.is_ok()));
            }
            Fork::Parent(child) => assert_eq!(waitpid(child).unwrap(), 0),
        }
    }
}

/// Forks while other threads open and close spans of a job's.
fn forks_amid_spans() {
    tracing_subscriber::registry().with(layer()).init();
    let publisher = Publisher::connect("memory:").unwrap();
    let job = publisher.job("job_001", "t").unwrap();
    for _ in 0..2 {
        let job = job.clone();
        std::thread::spawn(move || {
            job.in_scope(|| {
                loop {
                    says()
                }
            })
        });
    }
    for _ in 0..50 {
        match fork().unwrap() {
            Fork::Child => {
                job.in_scope(|| (0..100).for_each(|_| says()));
                // The job's handles are of another process, and so is what would end it.
                std::process::exit(0);
            }
            Fork::Parent(child) => assert_eq!(waitpid(child).unwrap(), 0),
        }
    }
}

fn says() {
    progress_span!("a phase", total = 3).inc(1);
}

/// Row 33
#[test]
fn what_spans_are_in_a_fork_is_waited_for_by_nobody() {
    let name = "what_spans_are_in_a_fork_is_waited_for_by_nobody";
    if scenario().is_some() {
        return forks_amid_spans();
    }
    Program::again(name, "memory:").run().passed();
}

/// Row 33
#[test]
fn a_timeout_holds_in_a_fork_too() {
    let name = "a_timeout_holds_in_a_fork_too";
    if scenario().is_some() {
        return forks_amid_timeouts();
    }
    Program::again(name, "memory:").run().passed();
}

/// Row 33
#[test]
fn a_fork_leaves_no_events_and_nothing_in_it_hangs() {
    if let Some(url) = scenario() {
        tracing_subscriber::fmt().init();
        return forks(&url);
    }
    let redis = TestRedis::start();
    let exit = Program::again(
        "a_fork_leaves_no_events_and_nothing_in_it_hangs",
        &redis.url(),
    )
    .run();
    exit.passed();
    assert!(exit.said.contains("the child is through"), "{}", exit.said);
    let warnings = exit
        .said
        .matches("this process was forked from the one")
        .count();
    assert_eq!(warnings, 1, "{}", exit.said);
    assert_eq!(seqs(&redis.entries("job_events:job_001")), [0, 1, 2]);
    assert!(redis.entries("job_events:job_002").is_empty());
}
