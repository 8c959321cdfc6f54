//! Rows of what one call costs the job, in bursts and once per millisecond: the caller has a processor of
//! its own in bursts, as those do who write, send and receive.

use std::hint::black_box;
use std::time::{Duration, Instant};

use tokio::time::{MissedTickBehavior, interval};

use crate::job::{self, TOTAL, say, settle};
use crate::part::{Numbers, numbers, play};
use crate::placement::{self, CLIENT, SERVER};
use crate::rounds::{Rounds, mean, quantile, turn};
use crate::server::Server;
use crate::table::{
    Bound::{AtMost, None},
    Row,
};
use crate::{Asked, by_hand};

mod beside;

const BURST: u32 = 256;
const BURSTS: usize = 400;
/// Before the first that is measured.
const WARM: usize = 50;
const SPACED: usize = 500;

pub(crate) fn rows(_: Asked) -> Vec<Row> {
    let mut rows = bursts();
    rows.extend(spaced());
    rows
}

fn bursts() -> Vec<Row> {
    let server = Server::pinned(&[]);
    let of = |kind| turn(kind, move_run(&server, kind, "bursts", Some(SERVER)));
    let rounds = Rounds::of(&[of("ours"), of("fmt"), of("fastrace")]);
    let [ours, fmt, fastrace] = ["ours", "fmt", "fastrace"].map(|kind| rounds.series(kind, "mean"));
    let [ours_p50, fmt_p50] = ["ours", "fmt"].map(|kind| rounds.series(kind, "p50"));
    let p99 = rounds.series("ours", "p99");
    vec![
        Row::new("`progress!` in a job, in bursts of 256", &ours, "ns")
            .beside(FMT, &fmt, "ns")
            .reach(ours.over(&fmt), AtMost(0.15)),
        Row::new("the same, the median burst", &ours_p50, "ns")
            .beside(FMT, &fmt_p50, "ns")
            .reach(ours_p50.over(&fmt_p50), None),
        Row::new("the same, p99 of bursts", &p99, "ns")
            .beside("p50 of that", &fmt_p50, "ns")
            .reach(p99.over(&fmt_p50), AtMost(1.0)),
        Row::new("the same", &ours, "ns")
            .beside("fastrace, an event with two properties", &fastrace, "ns")
            .reach(ours.over(&fastrace), None),
    ]
}

fn spaced() -> Vec<Row> {
    let server = Server::free(&[]);
    let of = |kind| turn(kind, move_run(&server, kind, "spaced", Option::None));
    let rounds = Rounds::of(&[of("ours"), of("fmt"), of("awaited")]);
    let [ours, fmt, awaited] = ["ours", "fmt", "awaited"].map(|kind| rounds.series(kind, "mean"));
    vec![
        Row::new("`progress!` in a job, one per ms", &ours, "ns")
            .beside(FMT, &fmt, "ns")
            .reach(ours.over(&fmt), AtMost(0.1)),
        Row::new("the same", &ours, "ns")
            .beside("an awaited XADD", &awaited, "ns")
            .reach(ours.over(&awaited), AtMost(0.01)),
    ]
}

const FMT: &str = "fmt layer on `non_blocking`, in a span";

/// The process begins on the server's processor; its first thread, which calls, leaves it.
fn move_run<'a>(
    server: &'a Server,
    kind: &'a str,
    mode: &'a str,
    core: Option<&'a str>,
) -> impl Fn() -> Numbers + 'a {
    move || {
        server.clear();
        play(
            "call",
            &[&server.url(), &kind, &mode],
            core.filter(|_| placement::client().is_some()),
        )
    }
}

/// URL, what is called, and how.
pub(crate) fn part(arguments: &[String]) -> Numbers {
    let [url, kind, mode] = arguments else {
        panic!("{arguments:?}")
    };
    let is_spaced = mode == "spaced";
    let runtime = job::runtime();
    match kind.as_str() {
        "ours" => {
            let installed = job::install(url);
            let publisher = installed.publisher();
            alone(is_spaced);
            runtime.block_on(job::at_work("job_001", async {
                if is_spaced {
                    ticks(say).await
                } else {
                    measure(say, async |_| settle(publisher).await).await
                }
            }))
        }
        "fmt" => {
            let writer = beside::fmt();
            alone(is_spaced);
            let span = tracing::info_span!("job", job_id = "job_001");
            runtime.block_on(async {
                let _in_span = span.enter();
                if is_spaced {
                    ticks(beside::log).await
                } else {
                    measure(beside::log, async |calls| writer.wait_for(calls).await).await
                }
            })
        }
        "fastrace" => {
            alone(is_spaced);
            beside::fastrace()
        }
        _ => runtime.block_on(awaited(url)),
    }
}

fn alone(is_spaced: bool) {
    if !is_spaced {
        placement::pin_first_thread(CLIENT);
    }
}

/// What is still to be done after a burst is done before the next, and not measured.
async fn measure(call: impl Fn(u64), settled: impl AsyncFn(u64)) -> Numbers {
    let mut times = Vec::new();
    for round in 0..(WARM + BURSTS) as u64 {
        times.push(burst(&call));
        settled((round + 1) * u64::from(BURST)).await;
    }
    summary(&mut times.split_off(WARM))
}

/// For one call, in ns.
fn burst(call: impl Fn(u64)) -> f64 {
    let begun = Instant::now();
    for n in 0..BURST {
        call(black_box(n.into()));
    }
    begun.elapsed().as_secs_f64() * 1e9 / f64::from(BURST)
}

fn summary(times: &mut [f64]) -> Numbers {
    numbers([
        ("mean", mean(times)),
        ("p50", quantile(times, 0.5)),
        ("p99", quantile(times, 0.99)),
    ])
}

async fn ticks(call: impl Fn(u64)) -> Numbers {
    spaced_calls(async |n| call(n)).await
}

async fn spaced_calls(mut call: impl AsyncFnMut(u64)) -> Numbers {
    let mut tick = interval(Duration::from_millis(1));
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut times = Vec::new();
    for n in 0..SPACED as u64 {
        tick.tick().await;
        let begun = Instant::now();
        call(black_box(n)).await;
        times.push(begun.elapsed().as_secs_f64() * 1e9);
    }
    summary(&mut times.split_off(SPACED / 10))
}

async fn awaited(url: &str) -> Numbers {
    let mut connection = by_hand::connect(url).await;
    spaced_calls(async |n| {
        let data =
            format!("{{\"progress\":\"reading page {n}\",\"current\":{n},\"total\":{TOTAL}}}");
        by_hand::xadd(&mut connection, "job_events:job_001", &data, "").await;
    })
    .await
}
