//! Thousands of watches on one connection: each has all, in order, once, and none is in another's way.
#![allow(clippy::unwrap_used)]

mod followed;

use std::time::{Duration, Instant};

use followed::next;
use futures_util::future::join_all;
use serde_json::json;
use stream_events::{EventId, Fields, Hub, Item, Publisher, Reader, Watch};
use support::TestRedis;
use tokio::time::{sleep, timeout};

const SOON: Duration = Duration::from_secs(60);
const JOBS: u64 = 10_000;

/// Appends an event of this run to each of the jobs, as any publisher may have written it.
fn add(redis: &TestRedis, jobs: impl Iterator<Item = u64>, kind: &str, seq: u64) {
    let mut pipeline = redis::Pipeline::new();
    for job in jobs {
        let data = json!({"event_type": kind, "run": "r", "seq": seq});
        let add = pipeline.cmd("XADD").arg(format!("job_events:{job}"));
        add.arg("*").arg("data").arg(data.to_string());
        add.arg("timestamp").arg("").arg("event_type").arg(kind);
    }
    pipeline.exec(&mut redis.client()).unwrap();
}

fn number(redis: &TestRedis, section: &str, name: &str) -> u64 {
    redis.info(section, name).parse().unwrap()
}

/// How often a command was done.
fn calls(redis: &TestRedis, command: &str) -> u64 {
    let stats = redis.info("commandstats", &format!("cmdstat_{command}"));
    let calls = stats.strip_prefix("calls=").unwrap_or("0");
    calls.split(',').next().unwrap().parse().unwrap()
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
    add(&redis, 0..JOBS, "task_started", 0);
    let reader = Reader::connect(redis.url()).unwrap();
    let mut watches = watches(&reader.hub(), 0..JOBS);
    let kinds = ["task_started", "row", "task_completed"];
    for (seq, kind) in kinds.into_iter().enumerate() {
        let all = join_all(watches.iter_mut().map(next));
        // They wait for it.
        let added = async {
            tokio::task::yield_now().await;
            if seq > 0 {
                add(&redis, 0..JOBS, kind, seq as u64);
            }
        };
        let (events, ()) = tokio::join!(all, added);
        for event in events {
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
    add(&redis, 0..1, "task_started", 0);
    let hub = Reader::connect(redis.url()).unwrap().hub();
    let mut watches = watches(&hub, std::iter::repeat_n(0, 500));
    join_all(watches.iter_mut().map(next)).await;
    for seq in 1..5 {
        let mut waiting = join_all(watches.iter_mut().map(next));
        assert!(
            timeout(Duration::from_millis(50), &mut waiting)
                .await
                .is_err()
        );
        let before = calls(&redis, "xrange");
        add(&redis, 0..1, "row", seq);
        for event in timeout(SOON, waiting).await.unwrap() {
            assert_eq!(event.seq(), Some(seq));
        }
        let reads = calls(&redis, "xrange") - before;
        assert!(reads <= 3, "{reads} reads for one event");
    }
}

/// Row 44: a slow one holds a cursor and a page, and is caught up from there.
#[tokio::test]
async fn a_watch_that_is_slow_misses_nothing_and_holds_up_no_other() {
    const EVENTS: u64 = 20_000;
    for url in [None, Some("memory:slow")] {
        let redis = url.is_none().then(TestRedis::start);
        let url = redis
            .as_ref()
            .map_or_else(|| url.unwrap().to_owned(), TestRedis::url);
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
    for url in [None, Some("memory:resuming")] {
        let redis = url.is_none().then(TestRedis::start);
        let url = redis
            .as_ref()
            .map_or_else(|| url.unwrap().to_owned(), TestRedis::url);
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
    add(&redis, 0..100, "task_started", 0);
    let hub = Reader::connect(redis.url()).unwrap().hub();
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
    add(&redis, 7..8, "task_completed", 1);
    assert_eq!(next(&mut stays).await.seq(), Some(1));
    assert!(stays.next().await.is_none());
    // A handle keeps the connection for who comes next.
    are_connected(&redis, 1).await;
    drop((stays, hub));
    are_connected(&redis, 0).await;
}

#[tokio::test]
async fn what_is_no_stream_is_an_error_of_its_own_watch_alone() {
    let redis = TestRedis::start();
    redis.occupy("job_events:1");
    add(&redis, 0..1, "task_started", 0);
    let reader = Reader::connect(redis.url()).unwrap();
    let mut many = reader.watch_many(["0", "1", "2"]).unwrap();
    let mut said = Vec::new();
    for _ in 0..2 {
        let (job, item) = timeout(SOON, many.next()).await.unwrap().unwrap();
        said.push((job.to_string(), item.is_ok()));
    }
    said.sort();
    assert_eq!(said, [("0".to_owned(), true), ("1".to_owned(), false)]);
    add(&redis, 2..3, "task_completed", 0);
    let (job, item) = timeout(SOON, many.next()).await.unwrap().unwrap();
    assert_eq!((job.as_str(), item.is_ok()), ("2", true));
}

#[tokio::test]
async fn several_jobs_are_followed_as_one_and_go_on_where_they_were() {
    for url in [None, Some("memory:several")] {
        let redis = url.is_none().then(TestRedis::start);
        let url = redis
            .as_ref()
            .map_or_else(|| url.unwrap().to_owned(), TestRedis::url);
        let publisher = Publisher::connect(url).unwrap();
        let names = ["a", "b", "c"];
        let jobs = names.map(|name| publisher.job(name, "t").unwrap());
        let reader = publisher.reader();
        let mut many = reader.watch_many(names).unwrap();
        let mut ids = [EventId::ZERO; 3];
        for _ in 0..3 {
            let (job, item) = timeout(SOON, many.next()).await.unwrap().unwrap();
            let Item::Event(event) = item.unwrap() else {
                panic!()
            };
            let at = names.iter().position(|name| *name == job.as_str()).unwrap();
            assert_eq!(
                event.field::<String>("job_id").unwrap().as_deref(),
                Some(job.as_str())
            );
            ids[at] = event.id();
        }
        jobs.into_iter().for_each(|job| job.completed(&()));
        // The last begins anew.
        let again = reader
            .watch_many(names)
            .unwrap()
            .after(ids[..2].iter().copied());
        for (mut many, expected) in [(many, 3), (again, 4)] {
            let mut ends = 0;
            for _ in 0..expected {
                let (_, item) = timeout(SOON, many.next()).await.unwrap().unwrap();
                let Item::Event(event) = item.unwrap() else {
                    panic!()
                };
                ends += usize::from(event.is_terminal());
            }
            assert_eq!(ends, 3);
            assert!(timeout(SOON, many.next()).await.unwrap().is_none());
        }
        assert!(reader.watch_many(["a", "b{"]).is_err());
    }
}

#[tokio::test]
async fn a_job_that_is_named_twice_is_followed_once() {
    let publisher = Publisher::connect("memory:named_twice").unwrap();
    publisher.job("a", "t").unwrap().completed(&());
    let many = publisher.reader().watch_many(["a", "a"]).unwrap();
    assert_eq!(futures_util::StreamExt::count(many).await, 2);
}
