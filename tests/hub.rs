//! Thousands of watches on one connection: each has all, in order, once, and none is in another's way.
#![allow(clippy::unwrap_used)]

mod followed;
mod raw;

use std::time::{Duration, Instant};

use followed::next;
use futures_util::future::join_all;
use raw::{add_to_each, event};
use stream_events::{EventId, Fields, Hub, Publisher, Reader, Watch};
use support::TestRedis;
use tokio::time::{sleep, timeout};

const SOON: Duration = Duration::from_secs(60);
const JOBS: u64 = 10_000;
/// For as many events: what they take of the processor is seconds, and others want it, too.
const LONG: Duration = Duration::from_secs(240);

fn number(redis: &TestRedis, section: &str, name: &str) -> u64 {
    redis.info(section, name).parse().unwrap()
}

/// Waits until the hub has so many connections: of those that are there, one asks.
async fn are_connected(redis: &TestRedis, connections: u64) {
    let until = Instant::now() + SOON;
    while number(redis, "clients", "connected_clients") != connections + 1 {
        assert!(
            Instant::now() < until,
            "{}",
            redis.info("clients", "connected_clients")
        );
        sleep(Duration::from_millis(5)).await;
    }
}

fn watches(hub: &Hub, jobs: impl Iterator<Item = u64>) -> Vec<Watch> {
    jobs.map(|job| hub.watch(job.to_string()).unwrap())
        .collect()
}

/// Row 45
#[tokio::test]
async fn ten_thousand_watches_share_one_connection_and_each_has_its_own() {
    let redis = TestRedis::start();
    add_to_each(&redis, 0..JOBS, "task_started", 0);
    let reader = Reader::connect(redis.reader_url()).unwrap();
    let mut watches = watches(&reader.hub(), 0..JOBS);
    let kinds = ["task_started", "row", "task_completed"];
    for (seq, kind) in kinds.into_iter().enumerate() {
        let all = join_all(watches.iter_mut().map(Watch::next));
        // They wait for it.
        let added = async {
            tokio::task::yield_now().await;
            if seq > 0 {
                add_to_each(&redis, 0..JOBS, kind, seq as u64);
            }
        };
        let (items, ()) = tokio::join!(timeout(LONG, all), added);
        for item in items.expect("all have it") {
            let event = event(item.transpose().unwrap());
            assert_eq!(
                (event.event_type().as_str(), event.seq()),
                (kind, Some(seq as u64))
            );
        }
        are_connected(&redis, 1).await;
        assert_eq!(number(&redis, "clients", "tracking_clients"), 1);
    }
    for watch in &mut watches {
        assert!(watch.next().await.is_none());
    }
    drop((reader, watches));
    are_connected(&redis, 0).await;
}

#[tokio::test]
async fn all_watches_of_a_job_are_served_by_one_read() {
    let redis = TestRedis::start();
    add_to_each(&redis, 0..1, "task_started", 0);
    let hub = Reader::connect(redis.reader_url()).unwrap().hub();
    let mut watches = watches(&hub, std::iter::repeat_n(0, 500));
    join_all(watches.iter_mut().map(next)).await;
    for seq in 1..5 {
        let mut waiting = join_all(watches.iter_mut().map(next));
        assert!(
            timeout(Duration::from_millis(50), &mut waiting)
                .await
                .is_err()
        );
        let before = redis.calls("xrange");
        add_to_each(&redis, 0..1, "row", seq);
        for event in timeout(SOON, waiting).await.unwrap() {
            assert_eq!(event.seq(), Some(seq));
        }
        let reads = redis.calls("xrange") - before;
        assert!(reads <= 3, "{reads} reads for one event");
    }
}

/// Row 44: a slow one holds a cursor and a page, and is caught up from there.
#[tokio::test]
async fn a_watch_that_is_slow_misses_nothing_and_holds_up_no_other() {
    const EVENTS: u64 = 20_000;
    let redis = TestRedis::start();
    for url in [redis.url().as_str(), "memory:slow"] {
        let builder = Publisher::builder().url(url).max_len(2 * EVENTS);
        let publisher = builder.connect().unwrap();
        let hub = publisher.reader().hub();
        let job = publisher.job("0", "t").unwrap();
        let [mut fast, mut slow] = ["0", "0"].map(|job| hub.watch(job).unwrap());
        assert_eq!(next(&mut slow).await.seq(), Some(0));
        assert_eq!(next(&mut fast).await.seq(), Some(0));
        for seq in 1..EVENTS {
            job.emit("row", Fields::new());
            if seq % 100 == 0 {
                while next(&mut fast).await.seq() != Some(seq) {}
            }
        }
        job.completed(&());
        while next(&mut fast).await.seq() != Some(EVENTS) {}
        assert!(fast.next().await.is_none());
        for seq in 1..=EVENTS {
            assert_eq!(next(&mut slow).await.seq(), Some(seq));
        }
        assert!(slow.next().await.is_none());
    }
}

#[tokio::test]
async fn resuming_after_each_event_finds_the_rest_once() {
    let redis = TestRedis::start();
    for url in [redis.url().as_str(), "memory:resuming"] {
        let publisher = Publisher::connect(url).unwrap();
        let job = publisher.job("0", "t").unwrap();
        (0..20).for_each(|_| job.emit("row", Fields::new()));
        let hub = publisher.reader().hub();
        let mut watch = hub.watch("0").unwrap();
        let mut ids = vec![EventId::ZERO];
        for _ in 0..21 {
            ids.push(next(&mut watch).await.id());
        }
        // Some wait for the end before it comes.
        let waiting: Vec<_> = ids
            .iter()
            .map(|id| hub.watch("0").unwrap().after(*id))
            .collect();
        let rests = waiting
            .into_iter()
            .enumerate()
            .map(async |(seen, mut watch)| {
                for seq in seen as u64..22 {
                    assert_eq!(next(&mut watch).await.seq(), Some(seq));
                }
                assert!(watch.next().await.is_none());
            });
        let end = async {
            tokio::task::yield_now().await;
            job.completed(&());
        };
        tokio::join!(join_all(rests), end);
        ids.push(next(&mut watch).await.id());
        for (seen, id) in ids.into_iter().chain([EventId::MAX]).enumerate() {
            let mut watch = hub.watch("0").unwrap().after(id);
            for seq in seen.min(22) as u64..22 {
                assert_eq!(next(&mut watch).await.seq(), Some(seq));
            }
            assert!(timeout(SOON, watch.next()).await.unwrap().is_none());
        }
    }
}

#[tokio::test]
async fn watches_that_come_and_go_by_the_thousand_leave_nothing() {
    let redis = TestRedis::start();
    add_to_each(&redis, 0..100, "task_started", 0);
    let hub = Reader::connect(redis.reader_url()).unwrap().hub();
    let mut stays = hub.watch("7").unwrap();
    assert_eq!(next(&mut stays).await.seq(), Some(0));
    for round in 0..50 {
        let mut coming = watches(&hub, 0..100);
        if round % 2 == 0 {
            join_all(coming.iter_mut().map(next)).await;
        } else {
            // They go while they are being read for.
            let mut reads = join_all(coming.iter_mut().map(next));
            let _ = futures_util::poll!(&mut reads);
        }
    }
    are_connected(&redis, 1).await;
    add_to_each(&redis, 7..8, "task_completed", 1);
    assert_eq!(next(&mut stays).await.seq(), Some(1));
    assert!(stays.next().await.is_none());
    // A handle keeps the connection for who comes next.
    are_connected(&redis, 1).await;
    drop((stays, hub));
    are_connected(&redis, 0).await;
}
