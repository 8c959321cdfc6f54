//! What `progress!` costs where nobody listens, beside a call of nothing. With a publisher its worker has
//! a dispatcher of its own, after which tracing looks for that of each thread.
#![allow(clippy::unwrap_used)]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use stream_events::{Publisher, progress, progress_span};

const TOTAL: u32 = 200_000;

type Kind = (&'static str, fn(u32));

/// Each works on a number that the compiler cannot know.
const KINDS: &[Kind] = &[
    ("nothing", |n| {
        black_box(n);
    }),
    ("a message", |n| {
        black_box(n);
        progress!("reading the pages");
    }),
    ("a message with a capture", |n| {
        black_box(n);
        progress!("page {n} of {TOTAL}");
    }),
    ("numbers and a step", |n| {
        black_box(n);
        progress!(
            "reading",
            step = "read",
            current = n,
            total = TOTAL,
            percent = n / TOTAL
        );
    }),
    ("a value that is used twice", |n| {
        black_box(n);
        progress!("page {current}", current = black_box(n) + 1);
    }),
    ("a span", |n| {
        black_box(n);
        drop(progress_span!("reading {n}", total = TOTAL));
    }),
];

fn unheard(criterion: &mut Criterion) {
    group(criterion, "without a publisher");
    let publisher = Publisher::connect("memory:").unwrap();
    publisher.job("job_001", "t").unwrap().completed(&());
    group(criterion, "with a publisher");
}

fn group(criterion: &mut Criterion, title: &str) {
    let mut group = criterion.benchmark_group(title);
    for (name, call) in KINDS {
        group.bench_function(*name, |bench| bench.iter(|| call(black_box(7))));
    }
    group.finish();
}

criterion_group!(benches, unheard);
criterion_main!(benches);
