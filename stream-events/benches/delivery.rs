//! What the delivery's promises cost: events by a publisher, beside plain pipelines of `XADD … *`
//! with the same bytes. In turns, in one run, on a server of its own.
#![allow(clippy::unwrap_used)]

use std::time::{Duration, Instant};

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use redis::Pipeline;
use redis::aio::MultiplexedConnection;
use stream_events::{Progress, Publisher};
use support::TestRedis;

const EVENTS: usize = 200_000;
const ROUNDS: usize = 7;
/// What a publisher sends at a time, about, and how many such requests are on their way.
const BATCH: usize = 1024;
const REQUESTS: usize = 4;
/// Producers wait while more than this is pending, so that nothing is coalesced.
const PENDING: u64 = 20_000;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let redis = TestRedis::start();
    println!("{EVENTS} events, until each is acknowledged; {ROUNDS} rounds, medians");
    println!(
        "{:>6}  {:>16}  {:>16}  {:>6}",
        "jobs", "publisher", "plain XADD *", "ratio"
    );
    for jobs in [1000, 100, 1] {
        let (mut ours, mut plain) = (Vec::new(), Vec::new());
        for round in 0..ROUNDS {
            redis.run(&["FLUSHALL"]);
            ours.push(publisher(&redis, jobs, round).await);
            let payload = payload(&redis, round);
            redis.run(&["FLUSHALL"]);
            plain.push(pipelines(&redis, jobs, &payload).await);
        }
        let (ours, plain) = (rate(&mut ours), rate(&mut plain));
        println!(
            "{jobs:>6}  {ours:>12.0} / s  {plain:>12.0} / s  {:>6.2}",
            ours / plain
        );
    }
}

async fn publisher(redis: &TestRedis, jobs: usize, round: usize) -> Duration {
    let publisher = Publisher::connect(redis.url()).unwrap();
    let jobs: Vec<_> = (0..jobs)
        .map(|n| publisher.job(format!("job_{round}_{n}"), "bench").unwrap())
        .collect();
    let _ = publisher.flush(Duration::from_secs(60)).await;
    let start = Instant::now();
    for n in 0..EVENTS {
        let progress = Progress::new("reading the pages").step("analysis");
        jobs[n % jobs.len()].progress(progress.current(n as u64).total(EVENTS as u64));
        while n % 256 == 0 && publisher.stats().pending > PENDING {
            std::thread::yield_now();
        }
    }
    let report = publisher.flush(Duration::from_secs(60)).await;
    let time = start.elapsed();
    assert!(report.complete && report.stats.coalesced == 0, "{report}");
    time
}

/// The bytes of one of its events.
fn payload(redis: &TestRedis, round: usize) -> [String; 3] {
    let entries = redis.entries(&format!("job_events:job_{round}_0"));
    ["data", "timestamp", "event_type"].map(|field| entries.last().unwrap().field(field).to_owned())
}

async fn pipelines(redis: &TestRedis, jobs: usize, payload: &[String; 3]) -> Duration {
    let client = redis::Client::open(redis.url()).unwrap();
    let connection = client.get_multiplexed_async_connection().await.unwrap();
    let start = Instant::now();
    let mut on_their_way = FuturesUnordered::new();
    for first in (0..EVENTS).step_by(BATCH) {
        let events = first..EVENTS.min(first + BATCH);
        on_their_way.push(send(connection.clone(), pipeline(events, jobs, payload)));
        if on_their_way.len() == REQUESTS {
            on_their_way.next().await;
        }
    }
    while on_their_way.next().await.is_some() {}
    start.elapsed()
}

fn pipeline(events: std::ops::Range<usize>, jobs: usize, payload: &[String; 3]) -> Pipeline {
    let mut pipeline = Pipeline::with_capacity(events.len());
    for n in events {
        pipeline
            .cmd("XADD")
            .arg(format!("job_events:job_{}", n % jobs))
            .arg("MAXLEN")
            .arg("~")
            .arg(10_000)
            .arg("*")
            .arg("data")
            .arg(&payload[0])
            .arg("timestamp")
            .arg(&payload[1])
            .arg("event_type")
            .arg(&payload[2])
            .ignore();
    }
    pipeline
}

async fn send(mut connection: MultiplexedConnection, pipeline: Pipeline) {
    pipeline.exec_async(&mut connection).await.unwrap();
}

fn rate(times: &mut [Duration]) -> f64 {
    times.sort();
    EVENTS as f64 / times[times.len() / 2].as_secs_f64()
}
