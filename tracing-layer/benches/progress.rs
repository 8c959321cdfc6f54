//! What it costs a job to say where it stands: nanoseconds for each call, medians.
#![allow(clippy::unwrap_used)]

use std::hint::black_box;
use std::time::Instant;

use stream_events::{Publisher, progress, progress_span};
use stream_events_tracing::ProgressSpan;
use tracing::Span;
use tracing_subscriber::prelude::*;

const CALLS: u64 = 200_000;
const ROUNDS: usize = 7;

fn main() {
    let total = CALLS * ROUNDS as u64 * 3;
    show("progress! without a subscriber", |n| {
        progress!("at work", current = n)
    });
    let ours = stream_events_tracing::layer();
    tracing_subscriber::registry().with(ours).init();
    let publisher = Publisher::connect("memory:").unwrap();
    let job = publisher.job("job_001", "bench").unwrap();
    job.in_scope(|| {
        let phase = progress_span!("a phase", total, current = 0);
        show("span.inc(1)", |_| phase.inc(1));
        show("span.record(\"current\", n)", |n| {
            phase.record("current", n);
        });
        show("progress! in its job", |n| {
            progress!("at work", current = n)
        });
    });
    let span = job.in_scope(Span::current);
    let _in_span = span.enter();
    show("progress! in a span of its job", |n| {
        progress!("at work", current = n)
    });
}

fn show(what: &str, call: impl Fn(u64)) {
    let round = |_| {
        let start = Instant::now();
        (0..CALLS).for_each(|n| call(black_box(n)));
        start.elapsed().as_nanos() as u64 / CALLS
    };
    let mut rounds: Vec<_> = (0..ROUNDS).map(round).collect();
    rounds.sort_unstable();
    println!("{what:<32} {:>6} ns", rounds[ROUNDS / 2]);
}
