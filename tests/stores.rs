//! One semantics in every store: Redis on TCP, on a unix socket and as a cluster, and the process's
//! memory.
#![allow(clippy::unwrap_used)]

mod followed;

use std::time::Duration;

use followed::history;
use futures_util::StreamExt;
use serde_json::json;
use stream_events::{EventId, Fields, Item, Publisher, Reader};
use support::{TestCluster, TestRedis};

const SOON: Duration = Duration::from_secs(30);

/// Runs a check against each store; the server stays while it runs.
async fn each_store(check: impl AsyncFn(&str)) {
    let redis = TestRedis::start();
    for url in [redis.url(), redis.socket_url()] {
        redis::cmd("FLUSHALL").exec(&mut redis.client()).unwrap();
        check(&url).await;
    }
    let cluster = TestCluster::start(3, 0);
    check(&cluster.url()).await;
    // A name of its own, held open for as long as the check.
    let name = format!("memory:{}", redis.folder().display());
    let _held = Reader::connect(&name).unwrap();
    check(&name).await;
}

#[tokio::test]
async fn what_is_published_is_read_in_order() {
    each_store(async |url| {
        let publisher = Publisher::connect(url).unwrap();
        let job = publisher.job("job_001", "t").unwrap();
        for n in 0..1200 {
            job.emit("row", Fields::new().field("n", &n));
        }
        job.completed(&json!({"rows": 1200}));
        assert!(publisher.flush(SOON).await.complete);

        let reader = Reader::connect(url).unwrap();
        let events = history(&reader, "job_001").await;
        assert!(events.is_sorted_by(|a, b| a.id() < b.id()));
        let seqs: Vec<_> = events.iter().map(|event| event.seq().unwrap()).collect();
        assert_eq!(seqs, (0..1202).collect::<Vec<_>>());
        assert_eq!(events[7].field::<u64>("n").unwrap(), Some(6));
        assert_eq!(reader.stream_length("job_001").await.unwrap(), 1202);
        let info = reader.stream_info("job_001").await.unwrap().unwrap();
        assert_eq!(info.last_id, events[1201].id());
        assert_eq!(
            info.last_event.unwrap().event_type().as_str(),
            "task_completed"
        );
        let rest = reader.history("job_001").unwrap().after(events[1199].id());
        assert_eq!(rest.count().await, 2);
        assert_eq!(
            reader
                .history("job_001")
                .unwrap()
                .after(EventId::MAX)
                .count()
                .await,
            0
        );
    })
    .await;
}

#[tokio::test]
async fn a_stream_keeps_at_least_its_bound_and_goes_in_time() {
    each_store(async |url| {
        let publisher = Publisher::builder()
            .url(url)
            .max_len(100)
            .retention_after_end(Duration::from_secs(1))
            .connect()
            .unwrap();
        let job = publisher.job("job_001", "t").unwrap();
        for n in 0..1000 {
            job.emit("row", Fields::new().field("n", &n));
        }
        assert!(publisher.flush(SOON).await.complete);
        let reader = publisher.reader();
        let length = reader.stream_length("job_001").await.unwrap();
        assert!((100..=300).contains(&length), "{length} in {url}");
        job.completed(&());
        assert!(publisher.flush(SOON).await.complete);
        // Whoever waits for an event of a stream that is gone sees nothing; that it goes is asked
        // until it is so.
        while reader.stream_info("job_001").await.unwrap().is_some() {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_watch_waits_for_a_job_that_is_not_there_yet() {
    each_store(async |url| {
        let reader = Reader::connect(url).unwrap();
        let mut watch = reader.watch("job_001").unwrap();
        let publisher = Publisher::connect(url).unwrap();
        let (seen, ()) = tokio::join!(watch.next(), async {
            publisher.publish_task_started("job_001", "t", &()).await.unwrap();
        });
        assert!(matches!(seen, Some(Ok(Item::Event(event))) if event.event_type().as_str() == "task_started"));
    })
    .await;
}

#[tokio::test]
async fn two_writers_on_one_stream_lose_nothing() {
    each_store(async |url| {
        let publishers = [
            Publisher::connect(url).unwrap(),
            Publisher::connect(url).unwrap(),
        ];
        let jobs = publishers
            .each_ref()
            .map(|publisher| publisher.job("job_001", "t").unwrap());
        for n in 0..500 {
            jobs.iter()
                .for_each(|job| job.emit("row", Fields::new().field("n", &n)));
        }
        for (publisher, job) in publishers.iter().zip(&jobs) {
            job.completed(&());
            assert!(publisher.flush(SOON).await.complete);
        }
        let events = history(&publishers[0].reader(), "job_001").await;
        for job in &jobs {
            let of_run = events
                .iter()
                .filter(|event| event.run() == Some(job.run_id()));
            let seqs: Vec<_> = of_run.map(|event| event.seq().unwrap()).collect();
            assert_eq!(seqs, (0..502).collect::<Vec<_>>(), "in {url}");
        }
    })
    .await;
}

#[tokio::test]
async fn memories_of_different_names_are_apart() {
    let (a, b) = (
        Publisher::connect("memory:a").unwrap(),
        Publisher::connect("memory:b").unwrap(),
    );
    a.publish_task_started("job_001", "t", &()).await.unwrap();
    assert_eq!(a.stream_length("job_001").await.unwrap(), 1);
    assert_eq!(b.stream_length("job_001").await.unwrap(), 0);
    drop(a);
}
