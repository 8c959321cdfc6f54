//! What publishers cost: in bulk, one event at a time, and while nothing but leases is on its way.

use std::future::Future;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use stream_events::{Installed, Job, Publisher, job_events, progress};
use tokio::runtime::{Builder, Runtime};
use tokio::time::{Instant, sleep, sleep_until};
use tracing_subscriber::prelude::*;

use crate::part::Numbers;
use crate::servers::Asked;

const TOTAL: u64 = 1_000_000;
/// Less than half of the queue: nothing is coalesced.
const PENDING: u64 = 20_000;
const AT_A_TIME: u64 = 64;
/// A job is at work for so many events before it lets another go on.
const IN_A_ROW: u64 = 16;
const LATE: Duration = Duration::from_secs(60);
const TICK: Duration = Duration::from_millis(1);
/// A lease of which a third is a second.
const SHORT_LEASE: Duration = Duration::from_secs(3);
const RENEWALS: u32 = 3;

#[job_events(task_type = "bench")]
async fn at_work<F: Future>(job_id: &str, work: F) -> F::Output {
    work.await
}

fn say(n: u64) {
    progress!("reading page {n}", current = n, total = TOTAL);
}

pub(crate) fn job_id(n: u64) -> String {
    format!("job_{n:012}")
}

pub(crate) fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// As a service sets it up, and with its connections open.
async fn installed(publisher: Publisher) -> Installed {
    tracing_subscriber::registry()
        .with(stream_events_tracing::layer())
        .init();
    let installed = publisher.install();
    at_work("job_before", async { say(0) }).await;
    flush(installed.publisher()).await;
    installed
}

async fn flush(publisher: &Publisher) {
    let report = publisher.flush(LATE).await;
    assert!(report.complete, "{report}");
    assert_eq!(publisher.stats().coalesced, 0);
}

/// URL, servers, jobs, and events of each beside its start and its end; as fast as it goes.
pub(crate) fn bulk(arguments: &[String]) -> Numbers {
    let [url, servers, jobs, events] = arguments else {
        panic!("{arguments:?}")
    };
    let (jobs, events): (u64, u64) = (jobs.parse().unwrap(), events.parse().unwrap());
    let mut asked = Asked::of(servers);
    runtime().block_on(async {
        let installed = installed(Publisher::connect(url.as_str()).unwrap()).await;
        let publisher = installed.publisher();
        let before = asked.now();
        let next = Arc::new(AtomicU64::new(0));
        let lines = (0..AT_A_TIME.min(jobs)).map(|_| {
            let (publisher, next) = (publisher.clone(), Arc::clone(&next));
            tokio::spawn(one_after_the_other(publisher, next, jobs, events))
        });
        for line in lines.collect::<Vec<_>>() {
            line.await.unwrap();
        }
        flush(publisher).await;
        asked.now().since(before)
    })
}

async fn one_after_the_other(publisher: Publisher, next: Arc<AtomicU64>, jobs: u64, events: u64) {
    loop {
        let job = next.fetch_add(1, Relaxed);
        if job >= jobs {
            return;
        }
        at_work(&job_id(job), async {
            for n in 0..events {
                say(n);
                if n % IN_A_ROW == 0 {
                    give_way(&publisher).await;
                }
            }
        })
        .await;
    }
}

async fn give_way(publisher: &Publisher) {
    tokio::task::yield_now().await;
    while publisher.stats().pending > PENDING {
        sleep(TICK).await;
    }
}

/// URL, servers, `jobs` or `events`, how many, and the ms from one to the next.
pub(crate) fn paced(arguments: &[String]) -> Numbers {
    let [url, servers, what, count, pace] = arguments else {
        panic!("{arguments:?}")
    };
    let (count, pace): (u32, u64) = (count.parse().unwrap(), pace.parse().unwrap());
    let pace = Duration::from_millis(pace);
    let mut asked = Asked::of(servers);
    runtime().block_on(async {
        let installed = installed(Publisher::connect(url.as_str()).unwrap()).await;
        let publisher = installed.publisher();
        let jobs = begin(publisher, if what == "jobs" { 0 } else { AT_A_TIME });
        flush(publisher).await;
        let (before, begun) = (asked.now(), Instant::now());
        for nth in 0..count {
            sleep_until(begun + pace * nth).await;
            match jobs.get(nth as usize % AT_A_TIME as usize) {
                Some(job) => job.in_scope(|| say(nth.into())),
                None => at_work(&job_id(nth.into()), async {}).await,
            }
        }
        flush(publisher).await;
        asked.now().since(before)
    })
}

fn begin(publisher: &Publisher, jobs: u64) -> Vec<Job> {
    (0..jobs)
        .map(|n| publisher.job(job_id(n), "bench").unwrap())
        .collect()
}

/// URL, servers, and runs at work whose leases are renewed each second.
pub(crate) fn leases(arguments: &[String]) -> Numbers {
    let [url, servers, jobs] = arguments else {
        panic!("{arguments:?}")
    };
    let jobs: u64 = jobs.parse().unwrap();
    let mut asked = Asked::of(servers);
    runtime().block_on(async {
        let publisher = Publisher::builder().url(url.as_str()).lease(SHORT_LEASE);
        let installed = installed(publisher.connect().unwrap()).await;
        let publisher = installed.publisher();
        let runs = begin(publisher, jobs);
        flush(publisher).await;
        sleep(SHORT_LEASE / 3).await;
        let before = asked.now();
        sleep(SHORT_LEASE / 3 * RENEWALS).await;
        let mut numbers = asked.now().since(before);
        numbers.push(("renewals".to_owned(), f64::from(RENEWALS) * jobs as f64));
        // As the process that is killed would leave them: they are counted.
        println!("measured lease_bytes {}", lease_bytes(servers));
        drop(runs);
        numbers
    })
}

/// Of each run in the index.
fn lease_bytes(servers: &str) -> f64 {
    let (mut bytes, mut length) = (0.0, 0.0);
    for server in servers.split(',') {
        let (_, url) = server.split_once('@').unwrap();
        let mut client = redis::Client::open(url).unwrap().get_connection().unwrap();
        let keys: Vec<String> = redis::cmd("KEYS")
            .arg("job_index:active*")
            .query(&mut client)
            .unwrap();
        for key in keys {
            let mut memory = redis::cmd("MEMORY");
            bytes += memory
                .arg("USAGE")
                .arg(&key)
                .query::<f64>(&mut client)
                .unwrap();
            length += redis::cmd("ZCARD")
                .arg(&key)
                .query::<f64>(&mut client)
                .unwrap();
        }
    }
    bytes / length
}

/// URL, a file, jobs, and events of each: begins the jobs, says so, and once the file is there goes through
/// them event by event, ten each tick.
pub(crate) fn write(arguments: &[String]) -> Numbers {
    let [url, go, jobs, events] = arguments else {
        panic!("{arguments:?}")
    };
    let (jobs, events): (u64, u64) = (jobs.parse().unwrap(), events.parse().unwrap());
    runtime().block_on(async {
        let installed = installed(Publisher::connect(url.as_str()).unwrap()).await;
        let publisher = installed.publisher();
        let runs = begin(publisher, jobs + 1);
        flush(publisher).await;
        println!("{BEGUN}");
        while !Path::new(go).exists() {
            sleep(TICK * 10).await;
        }
        let begun = Instant::now();
        // The last one is left in peace.
        let turns = (0..events).flat_map(|n| runs[..jobs as usize].iter().map(move |job| (n, job)));
        for (nth, (n, job)) in turns.enumerate() {
            if nth % A_TICK == 0 {
                sleep_until(begun + TICK * 2 * (nth / A_TICK) as u32).await;
            }
            job.in_scope(|| say(n));
        }
        flush(publisher).await;
        runs.iter().for_each(|job| job.completed(&()));
        flush(publisher).await;
    });
    vec![("written".to_owned(), ((events + 1) * jobs) as f64)]
}

pub(crate) const BEGUN: &str = "the jobs have begun";
/// Of two milliseconds: 5,000 events a second.
const A_TICK: usize = 10;
