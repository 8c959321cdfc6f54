//! What it costs to look for secrets: by the byte of a text, and by the event, beside events of which
//! nothing is taken out.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use stream_events::{Fields, Job, Progress, Publisher, Scrub};

const BYTES: usize = 64 * 1024;
/// As many as the queue holds without coalescing.
const EVENTS: u64 = 10_000;

/// Each is repeated to a long text.
const TEXTS: [(&str, &str); 5] = [
    (
        "prose",
        "Reading the pages of the third chapter, of which there are 12; about half is done now. ",
    ),
    (
        "source",
        "    let job = publisher.job(\"job_001\", kind)?; // begins: a run\n    if n == 0 { return Err(e); }\n",
    ),
    ("URLs", "https://example.com/a/path?page=3 "),
    ("dashes", "------------------------------------"),
    (
        "secrets",
        "cannot reach redis://app:s3cret@db.internal:6379/0 of the token=ABCDEFGHIJKLMN ",
    ),
];

type Emit = fn(&Job, u64);

const EMITTED: [(&str, Emit); 3] = [
    ("progress", |job, n| {
        let progress = Progress::new("reading the pages").step("analysis");
        job.progress(progress.current(n).total(100));
    }),
    ("progress with a URL", |job, n| {
        let message = format!("reading https://example.com/pages/{n}.html");
        job.progress(Progress::new(message));
    }),
    ("an outline", |job, _| {
        let outline = "Reading the pages. ".repeat(50);
        job.emit("outline", Fields::new().field("outline", &outline));
    }),
];

fn by_the_byte(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("scrub of a text");
    let scrub = Scrub::default();
    for (name, part) in TEXTS {
        let text = part.repeat(BYTES / part.len());
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function(name, |bench| bench.iter(|| scrub.text(black_box(&text))));
    }
    group.finish();
}

fn by_the_event(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("events, for their caller");
    group
        .sample_size(15)
        .throughput(Throughput::Elements(EVENTS));
    for (name, emit) in EMITTED {
        for (how, scrub) in [("", Scrub::default()), (", unscrubbed", Scrub::none())] {
            group.bench_function(format!("{name}{how}"), |bench| {
                bench.iter_custom(|rounds| (0..rounds).map(|_| round(&scrub, emit)).sum());
            });
        }
    }
    group.finish();
}

/// How long a publisher's first events take.
fn round(scrub: &Scrub, emit: Emit) -> Duration {
    let builder = Publisher::builder().url("memory:").scrub(scrub.clone());
    let job = builder.connect().unwrap().job("job_001", "bench").unwrap();
    let before = at_work();
    (0..EVENTS).for_each(|n| emit(&job, n));
    at_work() - before
}

/// How long this thread has been at work: the worker, which it wakes, may share its processor.
fn at_work() -> Duration {
    let stat = fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    let nanos = stat.split(' ').next().unwrap();
    Duration::from_nanos(nanos.parse().unwrap())
}

criterion_group!(benches, by_the_byte, by_the_event);
criterion_main!(benches);
