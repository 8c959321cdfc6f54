//! What it costs a job to say where it stands.
#![allow(clippy::unwrap_used)]

use criterion::{Criterion, criterion_group, criterion_main};
use stream_events::{Publisher, progress, progress_span};
use stream_events_tracing::ProgressSpan;
use tracing::Span;
use tracing_subscriber::prelude::*;

fn calls(criterion: &mut Criterion) {
    let mut n = 0_u64;
    let mut next = || {
        n += 1;
        n
    };
    criterion.bench_function("progress! without a subscriber", |bench| {
        bench.iter(|| progress!("at work", current = next()));
    });
    let ours = stream_events_tracing::layer();
    tracing_subscriber::registry().with(ours).init();
    let publisher = Publisher::connect("memory:").unwrap();
    let job = publisher.job("job_001", "bench").unwrap();
    job.in_scope(|| {
        let phase = progress_span!("a phase", total = u64::MAX, current = 0);
        criterion.bench_function("span.inc(1)", |bench| bench.iter(|| phase.inc(1)));
        criterion.bench_function("span.record(\"current\", n)", |bench| {
            bench.iter(|| {
                phase.record("current", next());
            });
        });
        criterion.bench_function("progress! in its job", |bench| {
            bench.iter(|| progress!("at work", current = next()));
        });
    });
    let _in_span = job.in_scope(Span::current).entered();
    criterion.bench_function("progress! in a span of its job", |bench| {
        bench.iter(|| progress!("at work", current = next()));
    });
}

criterion_group!(benches, calls);
criterion_main!(benches);
