//! What it costs to look for secrets: by the byte of a text, and by the event, beside events of which
//! nothing is taken out.
#![allow(clippy::unwrap_used)]

use std::hint::black_box;
use std::time::{Duration, Instant};

use stream_events::{Fields, Job, Progress, Publisher, Scrub};

const ROUNDS: usize = 15;
const BYTES: usize = 64 * 1024;
/// As many as the queue holds without coalescing.
const EVENTS: u32 = 10_000;

fn main() {
    println!("by the byte; {ROUNDS} rounds, medians");
    for (what, part) in [
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
    ] {
        let text = part.repeat(BYTES / part.len());
        let scrub = Scrub::default();
        let time = || {
            let begun = Instant::now();
            black_box(scrub.text(black_box(&text)));
            begun.elapsed()
        };
        let times = std::iter::repeat_with(time).take(ROUNDS).collect();
        println!("{what:>10}  {:>6.2} ns", ns(times, text.len()));
    }
    println!("by the event, for its caller");
    let emitted: [(&str, &Emit); 3] = [
        ("progress", &|job, n| {
            job.progress(
                Progress::new("reading the pages")
                    .step("analysis")
                    .current(n.into())
                    .total(100),
            )
        }),
        ("with a URL", &|job, n| {
            job.progress(Progress::new(format!(
                "reading https://example.com/pages/{n}.html"
            )))
        }),
        ("an outline", &|job, _| {
            job.emit(
                "outline",
                Fields::new().field("outline", &"Reading the pages. ".repeat(50)),
            )
        }),
    ];
    for (what, emit) in emitted {
        let (mut with, mut without) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            with.push(by_event(Scrub::default(), emit));
            without.push(by_event(Scrub::none(), emit));
        }
        let [with, without] = [with, without].map(|times| ns(times, EVENTS as usize));
        println!("{what:>10}  {with:>6.0} ns, without {without:>6.0} ns");
    }
}

type Emit = dyn Fn(&Job, u32);

fn by_event(scrub: Scrub, emit: &Emit) -> Duration {
    let builder = Publisher::builder().url("memory:").scrub(scrub);
    let job = builder.connect().unwrap().job("job_001", "bench").unwrap();
    let before = at_work();
    (0..EVENTS).for_each(|n| emit(&job, n));
    at_work() - before
}

/// How long this thread has been at work: the worker, which it wakes, may share its processor.
fn at_work() -> Duration {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    let nanos = stat.split(' ').next().unwrap();
    Duration::from_nanos(nanos.parse().unwrap())
}

/// The median for one of so many.
fn ns(mut times: Vec<Duration>, parts: usize) -> f64 {
    times.sort();
    times[times.len() / 2].as_nanos() as f64 / parts as f64
}
