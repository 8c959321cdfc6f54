//! How many instructions calls take on the caller's thread: it fails where one takes 5 % more than what is
//! written down here. Two runs of the same machine code differ by what the allocator of libc does for a
//! call that allocates, and by nothing else; another compiler makes other machine code. Needs
//! `valgrind` and `gungraun-runner`: `tests/instructions` installs both.
#![allow(clippy::unwrap_used, missing_docs, unused_qualifications)]

use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use gungraun::prelude::*;
use gungraun::{Callgrind, EntryPoint, EventKind};
use stream_events::{Installed, Job, Publisher, job_events, progress};
use tracing_subscriber::prelude::*;

/// Of each benchmark: what happens now and then, such as that a buffer grows, is shared by so many.
const CALLS: u64 = 1_024;
/// So many before the worker has done what there is to do: it is at rest when they begin.
const BURST: u64 = 16;

/// What was counted for `CALLS` calls when it was written down. Write down less where it has become less.
const PROGRESS_IN_A_JOB: u64 = 2_107_000;
const PROGRESS_THAT_NOBODY_HEARS: u64 = 7_200;
const ANNOTATED_WITHOUT_A_PUBLISHER: u64 = 82_000;
const ANNOTATED: u64 = 10_300_000;
/// Per cent that it may be more.
const GROWTH: u64 = 5;

/// In this function and what it calls.
fn at_most(counted: u64, function: &str) -> LibraryBenchmarkConfig {
    let mut callgrind = Callgrind::default();
    let most = counted + counted * GROWTH / 100;
    callgrind.hard_limits([(EventKind::Ir, most)]);
    callgrind.entry_point(EntryPoint::Custom(format!("instructions::{function}")));
    LibraryBenchmarkConfig::default().tool(callgrind).clone()
}

/// A job, and its publisher.
struct AtWork {
    job: Job,
    installed: Installed,
}

/// All is warm: what is allocated once is there.
fn at_work() -> AtWork {
    let layer = stream_events_tracing::layer();
    tracing_subscriber::registry().with(layer).init();
    let installed = Publisher::connect("memory:").unwrap().install();
    let job = installed.publisher().job("job_001", "bench").unwrap();
    let at_work = AtWork { job, installed };
    at_work.bursts(|| {
        for n in 0..BURST {
            progress!("reading page {n}", current = n, total = CALLS);
        }
    });
    at_work
}

impl AtWork {
    fn bursts(&self, burst: impl Fn()) {
        for _ in 0..CALLS / BURST {
            self.job.in_scope(&burst);
            while self.installed.publisher().stats().pending > 0 {
                std::thread::sleep(Duration::from_millis(1));
            }
        }
    }
}

/// What is counted of the first two.
#[inline(never)]
fn say(calls: u64) {
    for n in 0..calls {
        progress!("reading page {n}", current = black_box(n), total = CALLS);
    }
}

#[library_benchmark(config = at_most(PROGRESS_IN_A_JOB, "say"))]
#[bench::a_message_and_two_fields(at_work())]
fn progress_in_a_job(at_work: AtWork) -> AtWork {
    at_work.bursts(|| say(BURST));
    at_work
}

#[library_benchmark(config = at_most(PROGRESS_THAT_NOBODY_HEARS, "say"))]
fn progress_that_nobody_hears() {
    say(CALLS);
}

#[job_events(task_type = "bench")]
async fn annotated(job_id: &str, n: u64) -> u64 {
    black_box(n)
}

#[library_benchmark(config = at_most(ANNOTATED_WITHOUT_A_PUBLISHER, "call"))]
fn annotated_without_a_publisher() {
    call(CALLS);
}

#[library_benchmark(config = at_most(ANNOTATED, "call"))]
#[bench::its_two_events(at_work())]
fn annotated_in_a_job(at_work: AtWork) -> AtWork {
    at_work.bursts(|| call(BURST));
    at_work
}

#[inline(never)]
fn call(calls: u64) {
    for n in 0..calls {
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
        annotated_without_a_publisher,
        annotated_in_a_job
    ]
);

main!(library_benchmark_groups = call_site);
