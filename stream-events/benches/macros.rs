//! What `progress!` costs where nobody listens, beside a loop around nothing. In turns, in one run; the
//! last column is what a call adds. With a publisher its worker has a dispatcher of its own, after
//! which tracing looks for that of each thread.
#![allow(clippy::unwrap_used)]

use std::hint::black_box;
use std::time::{Duration, Instant};

use stream_events::{Publisher, progress, progress_span};

const CALLS: u32 = 200_000;
const ROUNDS: usize = 201;

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
        progress!("page {n} of {CALLS}");
    }),
    ("numbers and a step", |n| {
        black_box(n);
        progress!(
            "reading",
            step = "read",
            current = n,
            total = CALLS,
            percent = n / CALLS
        );
    }),
    ("a value that is used twice", |n| {
        black_box(n);
        progress!("page {current}", current = black_box(n) + 1);
    }),
    ("a span", |n| {
        black_box(n);
        drop(progress_span!("reading {n}", total = CALLS));
    }),
];

fn main() {
    println!("{CALLS} calls, {ROUNDS} rounds, ns in the fastest");
    table("without a publisher");
    let publisher = Publisher::connect("memory:").unwrap();
    publisher.job("job_001", "t").unwrap().completed(&());
    table("with a publisher");
}

fn table(title: &str) {
    // What else the machine does only adds to a round.
    let mut fastest = [Duration::MAX; KINDS.len()];
    for _ in 0..ROUNDS {
        for (fastest, (_, call)) in fastest.iter_mut().zip(KINDS) {
            *fastest = round(*call).min(*fastest);
        }
    }
    let fastest = fastest.map(|time| time.as_secs_f64() * 1e9 / f64::from(CALLS));
    println!("\n{title}");
    for ((name, _), time) in KINDS.iter().zip(&fastest) {
        println!("{name:>28}  {time:>6.2}  {:>6.2}", time - fastest[0]);
    }
}

fn round(call: fn(u32)) -> Duration {
    let start = Instant::now();
    for n in 0..CALLS {
        call(black_box(n));
    }
    start.elapsed()
}
