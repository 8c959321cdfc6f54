//! What a hub loses and has again: connections, servers, streams, runtimes. No watch misses an event by it,
//! and none has one twice.
#![allow(clippy::unwrap_used)]

mod followed;

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

use followed::next;
use futures_util::future::join_all;
use serde_json::json;
use stream_events::{Fields, Publisher, Reader, Watch};
use support::{Proxy, Rule, TestRedis, Way};
use tokio::time::{sleep, timeout};

const SOON: Duration = Duration::from_secs(60);

/// The rest of the job, whose last seq is this.
async fn goes_on(watch: &mut Watch, from: u64, last: u64) {
    for seq in from..=last {
        assert_eq!(next(watch).await.seq(), Some(seq));
    }
    assert!(timeout(SOON, watch.next()).await.unwrap().is_none());
}

async fn waits(watch: &mut Watch) {
    let waited = timeout(Duration::from_millis(50), watch.next()).await;
    assert!(waited.is_err(), "{waited:?}");
}

#[tokio::test]
async fn a_hub_goes_on_after_the_server_was_gone() {
    let mut redis = TestRedis::with_aof();
    let proxy = Proxy::to(&redis);
    let publisher = Publisher::connect(redis.url()).unwrap();
    let hub = Reader::connect(proxy.url()).unwrap().hub();
    let job = publisher.job("0", "t").unwrap();
    let mut watches: Vec<_> = (0..100).map(|_| hub.watch("0").unwrap()).collect();
    for event in join_all(watches.iter_mut().map(next)).await {
        assert_eq!(event.seq(), Some(0));
    }
    let before = proxy.traffic().connections;
    redis.kill();
    let all = join_all(watches.iter_mut().map(|watch| goes_on(watch, 1, 2)));
    let back = async {
        // Long enough for some tries.
        while proxy.traffic().connections < before + 3 {
            sleep(Duration::from_millis(5)).await;
        }
        redis.restart();
        job.emit("row", Fields::new());
        job.completed(&());
    };
    tokio::join!(all, back);
    // While it is away, the tries of a hundred are one hub's.
    let tries = proxy.traffic().connections;
    assert!(tries < 50, "{tries}");
}

#[tokio::test]
async fn what_comes_while_the_tracking_connection_is_killed_is_not_missed() {
    let redis = TestRedis::start();
    let mut watch = Reader::connect(redis.reader_url())
        .unwrap()
        .hub()
        .watch("0")
        .unwrap();
    for seq in 0..20 {
        waits(&mut watch).await;
        // In one step for the server: nobody is told of the event on the connection that is gone.
        let mut both = redis::pipe();
        let kill = both.atomic().cmd("CLIENT").arg("KILL").arg("TYPE");
        kill.arg("normal").arg("SKIPME").arg("yes");
        both.add_command(add("r", seq, "row"));
        both.exec(&mut redis.client()).unwrap();
        assert_eq!(next(&mut watch).await.seq(), Some(seq));
    }
}

/// Appends an event of the job as any publisher may have written it.
fn add(run: &str, seq: u64, kind: &str) -> redis::Cmd {
    let data = json!({"event_type": kind, "run": run, "seq": seq});
    let mut add = redis::cmd("XADD");
    add.arg("job_events:0")
        .arg("*")
        .arg("data")
        .arg(data.to_string());
    add.arg("timestamp").arg("").arg("event_type").arg(kind);
    add
}

/// Row 6: while nothing is asked of it either, since the job has not begun.
#[tokio::test]
async fn a_connection_that_swallows_everything_is_left_in_bounded_time() {
    let redis = TestRedis::start();
    let proxy = Proxy::to(&redis);
    let publisher = Publisher::connect(redis.url()).unwrap();
    let reader = Reader::connect(proxy.url()).unwrap();
    let mut watch = reader.hub().watch("0").unwrap();
    waits(&mut watch).await;
    proxy.rule_old(Way::ToClient, Rule::Swallow);
    let _job = publisher.job("0", "t").unwrap();
    let begun = Instant::now();
    assert_eq!(next(&mut watch).await.seq(), Some(0));
    assert!(
        begun.elapsed() < Duration::from_secs(25),
        "{:?}",
        begun.elapsed()
    );
}

#[tokio::test]
async fn after_all_streams_are_thrown_away_each_watch_goes_on() {
    let redis = TestRedis::start();
    let hub = Reader::connect(redis.reader_url()).unwrap().hub();
    let add = |run: &str, seq: u64, kind: &str| {
        add(run, seq, kind).exec(&mut redis.client()).unwrap();
    };
    add("a", 0, "task_started");
    let mut watch = hub.watch("0").unwrap();
    assert_eq!(next(&mut watch).await.run(), Some("a"));
    waits(&mut watch).await;
    redis.run(&["FLUSHALL"]);
    waits(&mut watch).await;
    add("b", 0, "task_started");
    add("b", 1, "task_completed");
    assert_eq!(next(&mut watch).await.run(), Some("b"));
    goes_on(&mut watch, 1, 1).await;
    assert_eq!(redis.info("clients", "connected_clients"), "2");
}

/// What is deleted or past its time is no entry. Its watch looks at once how the job stands, and not only
/// after the 5 s for which it waits for one.
#[tokio::test]
async fn a_stream_that_goes_wakes_its_watch() {
    let looks = |redis: &TestRedis| redis.info("commandstats", "cmdstat_zmscore");
    const KEY: &str = "job_events:0";
    for goes in [&["DEL", KEY][..], &["PEXPIRE", KEY, "20"], &["FLUSHALL"]] {
        let redis = TestRedis::start();
        add("r", 0, "task_started")
            .exec(&mut redis.client())
            .unwrap();
        let mut watch = Reader::connect(redis.reader_url())
            .unwrap()
            .hub()
            .watch("0")
            .unwrap();
        assert_eq!(next(&mut watch).await.seq(), Some(0));
        waits(&mut watch).await;
        assert_eq!(looks(&redis), "");
        redis.run(goes);
        let waiting = tokio::spawn(async move { watch.next().await });
        let begun = Instant::now();
        while looks(&redis).is_empty() {
            assert!(begun.elapsed() < Duration::from_secs(4), "{goes:?}");
            sleep(Duration::from_millis(5)).await;
        }
        waiting.abort();
    }
}

/// The runtime that the hub was first used in ends, and with it the connection; others go on.
#[test]
fn a_hub_outlives_the_runtime_it_was_first_used_in() {
    let redis = TestRedis::start();
    let publisher = Publisher::connect(redis.url()).unwrap();
    let hub = publisher.reader().hub();
    let job = publisher.job("0", "t").unwrap();
    let runtime = || tokio::runtime::Runtime::new().unwrap();
    let mut watch = hub.watch("0").unwrap();
    let first = runtime();
    assert_eq!(first.block_on(next(&mut watch)).seq(), Some(0));
    let second = runtime();
    let waiting = second.spawn(async move {
        let mut watch = hub.watch("0").unwrap();
        goes_on(&mut watch, 0, 2).await;
    });
    first.block_on(waits(&mut watch));
    drop(first);
    job.emit("row", Fields::new());
    job.completed(&());
    second.block_on(goes_on(&mut watch, 1, 2));
    second.block_on(waiting).unwrap();
}

/// Many jobs, some of them watched by several, on a connection that is cut after any number of bytes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_is_cut_no_event_is_missed_and_none_comes_twice() {
    const JOBS: usize = 40;
    const ROWS: u64 = 300;
    let redis = TestRedis::start();
    let proxy = Proxy::to(&redis);
    let publisher = Publisher::connect(redis.url()).unwrap();
    let hub = Reader::connect(proxy.url()).unwrap().hub();
    let jobs: HashMap<_, _> = (0..JOBS)
        .map(|n| (n, publisher.job(n.to_string(), "t").unwrap()))
        .collect();
    let watches = (0..JOBS * 3).map(|n| {
        let mut watch = hub.watch((n % JOBS).to_string()).unwrap();
        tokio::spawn(async move { goes_on(&mut watch, 0, ROWS + 1).await })
    });
    let watches: Vec<_> = watches.collect();
    let (is_over, mut dice) = (AtomicBool::new(false), 0x9e37_79b9_u64);
    let cuts = async {
        let mut roll = move |below: u64| {
            dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (dice >> 33) % below
        };
        while !is_over.load(Relaxed) {
            let way = [Way::ToClient, Way::ToServer][roll(2) as usize];
            let bytes = roll(20_000) as usize;
            proxy.rule(way, Rule::CutAfter(bytes, support::End::Reset));
            sleep(Duration::from_millis(20 + roll(150))).await;
        }
        proxy.rule(Way::ToClient, Rule::Pass);
        proxy.rule(Way::ToServer, Rule::Pass);
    };
    let emits = async {
        for row in 0..ROWS {
            jobs.values().for_each(|job| job.emit("row", Fields::new()));
            if row % 3 == 0 {
                sleep(Duration::from_millis(10)).await;
            }
        }
        jobs.into_values().for_each(|job| job.completed(&()));
        assert!(publisher.flush(SOON).await.complete);
        is_over.store(true, Relaxed);
    };
    tokio::join!(cuts, emits);
    for watch in watches {
        watch.await.unwrap();
    }
    assert!(
        redis.connections_taken() > 10,
        "{}",
        redis.connections_taken()
    );
    // The last cut may have just been.
    let until = Instant::now() + SOON;
    while redis.info("clients", "tracking_clients") != "1" {
        assert!(Instant::now() < until);
        sleep(Duration::from_millis(5)).await;
    }
}
