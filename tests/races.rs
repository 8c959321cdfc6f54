//! Watches that begin while their job is at work, at any moment of it: none misses anything, and each ends.
#![allow(clippy::unwrap_used)]

mod raw;

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use proptest::prelude::*;
use raw::{event, rest};
use stream_events::{EventId, Fields, Job, Publisher, Reader};
use support::TestRedis;
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval, sleep};

const IN_TIME: Duration = Duration::from_secs(30);

/// All seqs of a watch to its end; nothing may be missing.
fn seqs_of(reader: &Reader, job: &str, after: EventId) -> JoinHandle<Vec<u64>> {
    let mut watch = reader.watch(job).unwrap().after(after);
    tokio::spawn(async move {
        let items = rest(&mut watch).await.into_iter();
        items.map(|item| event(Some(item)).seq().unwrap()).collect()
    })
}

/// Emits so many rows at 1 kHz, and comes to the end.
async fn work(job: Job, rows: u64) {
    let mut tick = interval(Duration::from_millis(1));
    tick.set_missed_tick_behavior(MissedTickBehavior::Burst);
    for n in 0..rows {
        tick.tick().await;
        job.emit("row", Fields::new().field("n", &n));
    }
    job.completed(&());
}

/// Row 41: a writer at 1 kHz, while watches begin all the time, at the start and where the stream is then.
#[tokio::test(flavor = "multi_thread")]
async fn a_watch_that_begins_at_any_moment_of_a_fast_job_misses_nothing() {
    const ROWS: u64 = 2000;
    let redis = TestRedis::start();
    for url in [redis.url().as_str(), "memory:fast"] {
        let publisher = Publisher::connect(url).unwrap();
        // Reads that wait for 25 ms at most, so that many wait in vain.
        let reader = publisher.reader().with_grace(Duration::from_millis(25));
        let work = tokio::spawn(work(publisher.job("job_001", "t").unwrap(), ROWS));
        let mut watches = Vec::new();
        while !work.is_finished() {
            let newest = reader.stream_info("job_001").await.unwrap();
            let newest = newest.and_then(|info| info.last_event);
            let (after, next) = newest.map_or((EventId::ZERO, 0), |newest| {
                (newest.id(), newest.seq().unwrap() + 1)
            });
            watches.push((0, seqs_of(&reader, "job_001", EventId::ZERO)));
            watches.push((next, seqs_of(&reader, "job_001", after)));
            sleep(Duration::from_millis(40)).await;
        }
        assert!(publisher.flush(IN_TIME).await.complete);
        assert!(watches.len() > 4, "{}", watches.len());
        for (first, watch) in watches {
            let expected: Vec<_> = (first..ROWS + 2).collect();
            assert_eq!(watch.await.unwrap(), expected, "{url}");
        }
    }
}

/// What a job does, and when a watch of it begins.
#[derive(Debug, Clone)]
struct Race {
    /// Pauses before its events, in tenths of a millisecond; then it ends.
    events: Vec<u16>,
    /// Whether it is tried again once.
    is_retried: bool,
    /// When watches begin.
    watches: Vec<u16>,
}

fn races() -> impl Strategy<Value = Race> {
    let pauses = prop::collection::vec(0_u16..20, 0..12);
    let watches = prop::collection::vec(0_u16..120, 1..6);
    (pauses, any::<bool>(), watches).prop_map(|(events, is_retried, watches)| Race {
        events,
        is_retried,
        watches,
    })
}

async fn pause(tenths: u16) {
    if tenths > 0 {
        sleep(Duration::from_micros(u64::from(tenths) * 100)).await;
    }
}

async fn run(publisher: Publisher, name: String, race: Race) {
    let tries = if race.is_retried { 2 } else { 1 };
    for attempt in 1..=tries {
        let job = publisher.job(&*name, "t").unwrap();
        for tenths in &race.events {
            pause(*tenths).await;
            job.progress("on");
        }
        match attempt < tries {
            true => job.failed("once"),
            false => job.completed(&()),
        }
    }
}

/// A watch and the end of its job, in any order. One that begins between a first run's failure and
/// the second's start ends there, as the job has failed then.
async fn race(publisher: &Publisher, nth: usize, race: Race) {
    let name = format!("job_{nth}");
    let each = race.events.len() as u64 + 2;
    let work = tokio::spawn(run(publisher.clone(), name.clone(), race.clone()));
    let reader = publisher.reader().with_grace(Duration::from_millis(25));
    let starts = race.watches.iter().map(|start| {
        let (reader, name, start) = (reader.clone(), name.clone(), *start);
        tokio::spawn(async move {
            pause(start).await;
            let mut watch = reader.watch(&*name).unwrap();
            let items = rest(&mut watch).await.into_iter();
            let events: Vec<_> = items.map(|item| event(Some(item))).collect();
            let cut = events
                .get(events.len() / 2)
                .map_or(EventId::ZERO, |cut| cut.id());
            let behind = rest(&mut reader.watch(&*name).unwrap().after(cut)).await;
            (events, behind)
        })
    });
    let watches: Vec<_> = starts.collect();
    work.await.unwrap();
    for watch in watches {
        let (events, behind) = watch.await.unwrap();
        let seqs: Vec<_> = events.iter().map(|event| event.seq().unwrap()).collect();
        let whole: Vec<_> = (0..each).chain(0..each).collect();
        let first_run = &whole[..each as usize];
        let all = if race.is_retried {
            &whole[..]
        } else {
            first_run
        };
        assert!(seqs == all || seqs == first_run, "{seqs:?} of {race:?}");
        assert!(events.last().unwrap().is_terminal());
        let left = events.len() - events.len() / 2 - 1;
        assert!(behind.len() >= left, "{} of {left}: {race:?}", behind.len());
    }
}

/// Row 43
#[test]
fn watches_and_the_end_of_their_job_in_any_order() {
    let redis = TestRedis::start();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    for url in [redis.url().as_str(), "memory:any_order"] {
        let publisher = Publisher::connect(url).unwrap();
        let nth = AtomicUsize::new(0);
        let config = ProptestConfig::with_cases(64);
        proptest!(config, |(one in races())| {
            let nth = nth.fetch_add(1, Relaxed);
            runtime.block_on(race(&publisher, nth, one));
        });
    }
}
