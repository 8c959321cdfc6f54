//! Rows of what the attribute costs a function.

use std::hint::black_box;
use std::time::Instant;

use stream_events::job_events;

use crate::Asked;
use crate::job::{self, settle};
use crate::part::{Numbers, numbers, play};
use crate::placement::{self, CLIENT, SERVER};
use crate::rounds::{Rounds, mean, quantile, turn};
use crate::server::Server;
use crate::table::{Bound::AtMost, Row};

const CALLS: u64 = 100_000;
const TIMES: usize = 51;
const BURST: usize = 100;
const BURSTS: usize = 100;
/// Before the first that is measured.
const WARM: usize = 20;

pub(crate) fn rows(_: Asked) -> Vec<Row> {
    let server = Server::pinned(&[]);
    let of = |kind| {
        let server = &server;
        turn(kind, move || {
            server.clear();
            play(
                "annotated",
                &[&server.url(), &kind],
                placement::client().map(|_| SERVER),
            )
        })
    };
    let rounds = Rounds::of(&[of("nothing"), of("installed")]);
    let (nothing, installed) = (
        rounds.series("nothing", "more"),
        rounds.series("installed", "more").times(1e-3),
    );
    vec![
        Row::new(
            "an annotated async fn, nothing installed, over one that is not",
            &nothing,
            "ns",
        )
        .reach(nothing.clone(), AtMost(10.0)),
        Row::new(
            "the same, installed, its two events, in bursts of 100",
            &installed,
            "µs",
        )
        .reach(installed.clone(), AtMost(2.0)),
    ]
}

#[job_events(task_type = "bench")]
async fn annotated(job_id: &str, n: u64) -> u64 {
    black_box(n)
}

async fn plain(job_id: &str, n: u64) -> u64 {
    black_box(job_id);
    black_box(n)
}

/// URL, and what is installed.
pub(crate) fn part(arguments: &[String]) -> Numbers {
    let [url, kind] = arguments else {
        panic!("{arguments:?}")
    };
    let more = if kind == "installed" {
        installed(url)
    } else {
        job::runtime().block_on(bare())
    };
    numbers([("more", more)])
}

/// In ns.
async fn bare() -> f64 {
    placement::pin_first_thread(CLIENT);
    let mut times = [Vec::new(), Vec::new()];
    for _ in 0..TIMES {
        let begun = Instant::now();
        for n in 0..CALLS {
            black_box(plain(black_box("job_001"), n).await);
        }
        times[0].push(begun.elapsed().as_secs_f64());
        let begun = Instant::now();
        for n in 0..CALLS {
            black_box(annotated(black_box("job_001"), n).await);
        }
        times[1].push(begun.elapsed().as_secs_f64());
    }
    let [plain, annotated] = times.map(|mut times| quantile(&mut times, 0.5));
    (annotated - plain) * 1e9 / CALLS as f64
}

/// In ns. What is still to be done after a burst is done before the next, and not measured.
fn installed(url: &str) -> f64 {
    let installed = job::install(url);
    placement::pin_first_thread(CLIENT);
    let ids: Vec<_> = (0..BURST).map(|n| format!("job_{n:03}")).collect();
    let mut times = Vec::new();
    job::runtime().block_on(async {
        for _ in 0..WARM + BURSTS {
            let begun = Instant::now();
            for id in &ids {
                black_box(annotated(id, 1).await);
            }
            times.push(begun.elapsed().as_secs_f64() * 1e9 / BURST as f64);
            settle(installed.publisher()).await;
        }
    });
    mean(&times.split_off(WARM))
}
