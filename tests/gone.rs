//! Who watches a stream that goes, or comes when it is gone or its job is over: told so, and not kept waiting.
#![allow(clippy::unwrap_used)]

mod raw;

use std::time::{Duration, Instant};

use raw::{KEY, add, event, gap, next, own, rest, row, told};
use serde_json::json;
use stream_events::{Event, EventId, Item, Missing, Publisher, Reader};
use support::TestRedis;

/// How long a stream has to be away before it is gone.
const SHORT: Duration = Duration::from_millis(100);
const IN_TIME: Duration = Duration::from_secs(30);

fn reader(redis: &TestRedis) -> Reader {
    Reader::connect(redis.reader_url())
        .unwrap()
        .with_grace(SHORT)
}

/// Row 43
#[tokio::test]
async fn who_comes_back_to_a_stream_that_is_gone_is_told_and_does_not_hang() {
    let redis = TestRedis::start();
    let began = Instant::now();
    let mut watch = reader(&redis)
        .watch("job_001")
        .unwrap()
        .after(EventId::new(5, 0));
    let gone = gap(next(&mut watch).await);
    assert_eq!(told(&gone), ("", 0, 0, Missing::Expired));
    assert!(next(&mut watch).await.is_none());
    assert!(began.elapsed() >= SHORT, "it may come back");
}

/// Row 43: with an end, by its time.
#[tokio::test]
async fn a_job_whose_stream_went_after_its_end_is_gone_in_every_store() {
    let redis = TestRedis::start();
    for url in [redis.url().as_str(), "memory:went_after_its_end"] {
        let second = Duration::from_secs(1);
        let builder = Publisher::builder().url(url);
        let publisher = builder.retention_after_end(second).connect().unwrap();
        publisher.job("job_001", "t").unwrap().completed(&());
        assert!(publisher.flush(IN_TIME).await.complete);
        let reader = publisher.reader().with_grace(SHORT);
        let items = rest(&mut reader.watch("job_001").unwrap()).await;
        let [Item::Event(start), Item::Event(_)] = &items[..] else {
            panic!("{items:?}")
        };
        let left = rest(&mut reader.watch("job_001").unwrap().after(start.id())).await;
        assert_eq!(left, items[1..]);
        while reader.stream_length("job_001").await.unwrap() > 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(reader.state("job_001").await.unwrap(), None);
        let left = rest(&mut reader.watch("job_001").unwrap().after(start.id())).await;
        let [Item::Gap(gone)] = &left[..] else {
            panic!("{left:?}")
        };
        assert_eq!(told(gone), ("", 0, 0, Missing::Expired), "{url}");
    }
}

/// Rows 43 and 46: nothing wakes a read whose stream is deleted.
#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_goes_while_it_is_watched_ends_the_watch() {
    for take in [&["DEL", KEY][..], &["PEXPIRE", KEY, "1"]] {
        let redis = TestRedis::start();
        add(&redis, &own("task_started", "a", 0));
        add(&redis, &row("b", 0));
        add(&redis, &row("a", 1));
        let mut watch = reader(&redis).watch("job_001").unwrap();
        for _ in 0..3 {
            event(next(&mut watch).await);
        }
        let end = tokio::spawn(async move { rest(&mut watch).await });
        tokio::task::block_in_place(|| {
            support::wait_until("it waits", || {
                redis.info("clients", "blocked_clients") == "1"
            });
        });
        redis.run(take);
        let end = end.await.unwrap();
        let [Item::Gap(gone)] = &end[..] else {
            panic!("{end:?}")
        };
        assert_eq!(told(gone), ("a", 2, 0, Missing::Expired));
    }
}

/// Row 43: it was only away.
#[tokio::test]
async fn a_stream_that_comes_back_as_it_was_is_not_gone() {
    let redis = TestRedis::start();
    let ids = [
        add(&redis, &own("task_started", "a", 0)),
        add(&redis, &row("a", 1)),
    ];
    let entries = redis.entries(KEY);
    redis.run(&["DEL", KEY]);
    let reader = Reader::connect(redis.reader_url())
        .unwrap()
        .with_grace(IN_TIME);
    let mut watch = reader.watch("job_001").unwrap().after(ids[1]);
    let nothing = tokio::time::timeout(SHORT, watch.next()).await;
    assert!(nothing.is_err(), "{nothing:?}");
    for entry in &entries {
        redis.run(&["XADD", KEY, &entry.id, "data", entry.field("data")]);
    }
    let third = add(&redis, &own("task_completed", "a", 2));
    let items = rest(&mut watch).await;
    assert_eq!(items.len(), 1, "nothing is missing: {items:?}");
    assert_eq!(event(items.into_iter().next()).id(), third);
}

/// What is published to a job that has ended leaves it ended, whoever comes when.
#[tokio::test]
async fn what_is_published_after_the_end_comes_and_begins_nothing() {
    let redis = TestRedis::start();
    for url in [redis.url().as_str(), "memory:after_the_end"] {
        let publisher = Publisher::connect(url).unwrap();
        publisher.job("job_001", "t").unwrap().completed(&());
        assert!(publisher.flush(IN_TIME).await.complete);
        for _ in 0..3 {
            let review = json!({"event_type": "reviewed", "by": "ann"});
            publisher.publish_event("job_001", &review).await.unwrap();
        }
        let reader = publisher.reader();
        let events: Vec<Event> = rest(&mut reader.watch("job_001").unwrap())
            .await
            .into_iter()
            .map(|item| event(Some(item)))
            .collect();
        assert_eq!(events.len(), 5);
        for (nth, seen) in events.iter().enumerate().skip(1) {
            let mut watch = reader.watch("job_001").unwrap().after(seen.id());
            assert_eq!(rest(&mut watch).await.len(), 4 - nth, "{url}");
        }
    }
}
