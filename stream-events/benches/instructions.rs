//! How many instructions calls take on the caller's thread, each with a bound: 5 % above what it was when
//! the bound was written down. Of the same machine code, two runs differ by far less; another compiler may
//! not make the same. Needs `valgrind` and `gungraun-runner`, which `.ci/run` installs.
#![allow(clippy::unwrap_used, missing_docs, unused_qualifications)]

use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use gungraun::prelude::*;
use gungraun::{Callgrind, EventKind};
use stream_events::{Installed, Job, Publisher, job_events, progress};
use tracing_subscriber::prelude::*;

/// Of each benchmark: what happens now and then, such as that a buffer grows, is shared by so many.
const CALLS: u64 = 1_000;

/// Instructions for `CALLS` calls.
const PROGRESS_IN_A_JOB: u64 = 5_000_000;
const PROGRESS_THAT_NOBODY_HEARS: u64 = 20_000;
const ANNOTATED_WITHOUT_A_PUBLISHER: u64 = 1_000_000;

fn at_most(instructions: u64) -> LibraryBenchmarkConfig {
    let mut callgrind = Callgrind::default();
    callgrind.hard_limits([(EventKind::Ir, instructions)]);
    LibraryBenchmarkConfig::default().tool(callgrind).clone()
}

/// A job, and its publisher.
struct AtWork {
    job: Job,
    _installed: Installed,
}

/// All is warm: what is allocated once is there.
fn at_work() -> AtWork {
    let layer = stream_events_tracing::layer();
    tracing_subscriber::registry().with(layer).init();
    let installed = Publisher::connect("memory:").unwrap().install();
    let job = installed.publisher().job("job_001", "bench").unwrap();
    for _ in 0..3 {
        job.in_scope(say);
        while installed.publisher().stats().pending > 0 {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
    AtWork {
        job,
        _installed: installed,
    }
}

fn say() {
    for n in 0..CALLS {
        progress!("reading page {n}", current = black_box(n), total = CALLS);
    }
}

#[library_benchmark(config = at_most(PROGRESS_IN_A_JOB))]
#[bench::a_message_and_two_fields(at_work())]
fn progress_in_a_job(at_work: AtWork) -> AtWork {
    at_work.job.in_scope(say);
    at_work
}

#[library_benchmark(config = at_most(PROGRESS_THAT_NOBODY_HEARS))]
fn progress_that_nobody_hears() {
    say();
}

#[job_events(task_type = "bench")]
async fn annotated(job_id: &str, n: u64) -> u64 {
    black_box(n)
}

#[library_benchmark(config = at_most(ANNOTATED_WITHOUT_A_PUBLISHER))]
fn annotated_without_a_publisher() {
    for n in 0..CALLS {
        let future = pin!(annotated(black_box("job_001"), n));
        let polled = future.poll(&mut Context::from_waker(Waker::noop()));
        assert_eq!(polled, Poll::Ready(n));
    }
}

library_benchmark_group!(
    name = call_site,
    benchmarks = [
        progress_in_a_job,
        progress_that_nobody_hears,
        annotated_without_a_publisher
    ]
);

main!(library_benchmark_groups = call_site);
