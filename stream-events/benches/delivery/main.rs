//! What the delivery's promises cost: events by a publisher, beside one that has none, and their
//! commands, beside plain `XADD … *`. In turns, in one run, on a server of its own.
#![allow(clippy::unwrap_used)]

mod by_hand;
mod pipelines;

use std::time::{Duration, Instant};

use by_hand::ByHand;
use pipelines::Ids;
use stream_events::{Progress, Publisher};
use support::TestRedis;
use tokio::runtime::Runtime;

const EVENTS: usize = 200_000;
const ROUNDS: usize = 7;
/// Callers wait while more than this is pending, so that nothing is coalesced.
const PENDING: u64 = 20_000;

/// Of each round of one row, how long it took.
#[derive(Default)]
struct Row {
    publisher: Vec<Duration>,
    by_hand: Vec<Duration>,
    exact: Vec<Duration>,
    plain: Vec<Duration>,
}

fn main() {
    let redis = TestRedis::start();
    let runtime = Runtime::new().unwrap();
    println!(
        "{EVENTS} events until each is acknowledged, in thousands a second; {ROUNDS} rounds, medians"
    );
    println!(
        "{:>5} | {:>9} {:>9} {:>6} | {:>13} {:>7} {:>6}",
        "jobs", "publisher", "by hand", "ratio", "ids and MULTI", "XADD *", "ratio"
    );
    for jobs in [1000, 100, 1] {
        let mut row = Row::default();
        for round in 0..ROUNDS {
            row.add(&redis, &runtime, jobs, round);
        }
        let [ours, by_hand, exact, plain] =
            [row.publisher, row.by_hand, row.exact, row.plain].map(rate);
        println!(
            "{jobs:>5} | {ours:>9.0} {by_hand:>9.0} {:>6.2} | {exact:>13.0} {plain:>7.0} {:>6.2}",
            ours / by_hand,
            exact / plain
        );
    }
}

impl Row {
    fn add(&mut self, redis: &TestRedis, runtime: &Runtime, jobs: usize, round: usize) {
        redis.run(&["FLUSHALL"]);
        self.publisher.push(publisher(redis, runtime, jobs, round));
        let values = values(redis, round);
        redis.run(&["FLUSHALL"]);
        self.by_hand.push(by_hand(redis, jobs, round));
        for (ids, times) in [(Ids::Ours, &mut self.exact), (Ids::Server, &mut self.plain)] {
            redis.run(&["FLUSHALL"]);
            times.push(runtime.block_on(pipelines::run(&redis.url(), jobs, ids, &values)));
        }
    }
}

fn publisher(redis: &TestRedis, runtime: &Runtime, jobs: usize, round: usize) -> Duration {
    let publisher = Publisher::connect(redis.url()).unwrap();
    let jobs: Vec<_> = (0..jobs)
        .map(|n| publisher.job(format!("job_{round}_{n}"), "bench").unwrap())
        .collect();
    let flush = || runtime.block_on(publisher.flush(Duration::from_secs(60)));
    let _ = flush();
    let start = Instant::now();
    for n in 0..EVENTS {
        let progress = Progress::new("reading the pages").step("analysis");
        jobs[n % jobs.len()].progress(progress.current(n as u64).total(EVENTS as u64));
        while n % 256 == 0 && publisher.stats().pending > PENDING {
            std::thread::yield_now();
        }
    }
    let report = flush();
    let time = start.elapsed();
    assert!(report.complete && report.stats.coalesced == 0, "{report}");
    time
}

/// The bytes of one of its events.
fn values(redis: &TestRedis, round: usize) -> [String; 3] {
    let entries = redis.entries(&format!("job_events:job_{round}_0"));
    ["data", "timestamp", "event_type"].map(|field| entries.last().unwrap().field(field).to_owned())
}

fn by_hand(redis: &TestRedis, jobs: usize, round: usize) -> Duration {
    let by_hand = ByHand::start(&redis.url(), jobs, round);
    let start = Instant::now();
    for n in 0..EVENTS {
        by_hand.progress(n);
    }
    by_hand.finish();
    start.elapsed()
}

fn rate(mut times: Vec<Duration>) -> f64 {
    times.sort();
    EVENTS as f64 / times[times.len() / 2].as_secs_f64() / 1000.0
}
