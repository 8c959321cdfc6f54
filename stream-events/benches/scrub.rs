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
        let time = median(|| {
            let begun = Instant::now();
            black_box(scrub.text(black_box(&text)));
            begun.elapsed()
        });
        println!(
            "{what:>10}  {:>6.2} ns",
            time.as_nanos() as f64 / text.len() as f64
        );
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
        let [with, without] = [Scrub::default(), Scrub::none()].map(|scrub| by_event(&scrub, emit));
        println!("{what:>10}  {with:>6.0} ns, without {without:>6.0} ns");
    }
}

type Emit = dyn Fn(&Job, u32);

fn by_event(scrub: &Scrub, emit: &Emit) -> f64 {
    let time = median(|| {
        let builder = Publisher::builder().url("memory:").scrub(scrub.clone());
        let job = builder.connect().unwrap().job("job_001", "bench").unwrap();
        let begun = Instant::now();
        (0..EVENTS).for_each(|n| emit(&job, n));
        begun.elapsed()
    });
    time.as_nanos() as f64 / f64::from(EVENTS)
}

fn median(round: impl FnMut() -> Duration) -> Duration {
    let mut times: Vec<_> = std::iter::repeat_with(round).take(ROUNDS).collect();
    times.sort();
    times[ROUNDS / 2]
}
