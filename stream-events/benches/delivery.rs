//! What the delivery's promises cost the server and the wire: the commands of a publisher (explicit ids, and
//! a MULTI for what follows each other of one stream) beside plain `XADD … *`. In turns, in one run, on a
//! server of its own.
#![allow(clippy::unwrap_used)]

#[path = "delivery/pipelines.rs"]
mod pipelines;

use std::time::Duration;

use pipelines::Ids;
use stream_events::{Progress, Publisher};
use support::TestRedis;
use tokio::runtime::Runtime;

const EVENTS: usize = 200_000;
const ROUNDS: usize = 7;

fn main() {
    let redis = TestRedis::start();
    let runtime = Runtime::new().unwrap();
    let values = runtime.block_on(values(&redis));
    println!("{EVENTS} ready events, in thousands a second; {ROUNDS} rounds, medians");
    println!(
        "{:>5} | {:>13} {:>7} {:>6}",
        "jobs", "ids and MULTI", "XADD *", "ratio"
    );
    for jobs in [1000, 100, 1] {
        let mut times = [Vec::new(), Vec::new()];
        for _ in 0..ROUNDS {
            for (ids, times) in [Ids::Ours, Ids::Server].into_iter().zip(&mut times) {
                redis.run(&["FLUSHALL"]);
                times.push(runtime.block_on(pipelines::run(&redis.url(), jobs, ids, &values)));
            }
        }
        let [exact, plain] = times.map(rate);
        println!(
            "{jobs:>5} | {exact:>13.0} {plain:>7.0} {:>6.2}",
            exact / plain
        );
    }
}

/// The bytes of an event of a publisher's.
async fn values(redis: &TestRedis) -> [String; 3] {
    let publisher = Publisher::connect(redis.url()).unwrap();
    let job = publisher.job("job_001", "bench").unwrap();
    let progress = Progress::new("reading the pages").step("analysis");
    job.progress(progress.current(1).total(EVENTS as u64));
    assert!(publisher.flush(Duration::from_secs(60)).await.complete);
    let entries = redis.entries("job_events:job_001");
    ["data", "timestamp", "event_type"].map(|field| entries.last().unwrap().field(field).to_owned())
}

fn rate(mut times: Vec<Duration>) -> f64 {
    times.sort();
    EVENTS as f64 / times[times.len() / 2].as_secs_f64() / 1000.0
}
