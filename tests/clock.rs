//! Clocks that are off: ids on a stream that are ahead of ours, by an hour or for ever. Order is by id,
//! and time is no part of it.
#![allow(clippy::unwrap_used)]

mod rows;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rows::{acknowledged, holds};
use stream_events::{ErrorKind, EventId, Item, Publisher, Reader};
use support::{TestRedis, seqs};

const IN_TIME: Duration = Duration::from_secs(40);
const KEY: &str = "job_events:job_001";
const HOUR: u64 = 3_600_000;

/// An entry of someone whose clock is so far ahead, in ms.
fn ahead(redis: &TestRedis, ms: u64) -> EventId {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let id = EventId::new(now.as_millis() as u64 + ms, 5);
    redis.run(&["XADD", KEY, &id.to_string(), "data", "{}"]);
    id
}

/// All that a watch yields is by rising id, and has these seqs.
async fn is_in_order(redis: &TestRedis, seqs: impl Iterator<Item = u64>) {
    let mut watch = Reader::connect(redis.reader_url())
        .unwrap()
        .watch("job_001");
    let watch = watch.as_mut().unwrap();
    let (mut last, mut seen) = (EventId::ZERO, Vec::new());
    while let Some(item) = tokio::time::timeout(IN_TIME, watch.next()).await.unwrap() {
        let Item::Event(event) = item.unwrap() else {
            panic!("a gap")
        };
        assert!(event.id() > last);
        last = event.id();
        seen.extend(event.seq());
    }
    assert_eq!(seen, seqs.collect::<Vec<_>>());
}

/// Rows 22 and 23: the stream is an hour ahead of the publisher's clock before the job begins.
#[tokio::test]
async fn a_job_that_begins_on_a_stream_that_is_an_hour_ahead_goes_behind_it() {
    let redis = TestRedis::start();
    let other = ahead(&redis, HOUR);
    let publisher = Publisher::connect(redis.url()).unwrap();
    let job = publisher.job("job_001", "t").unwrap();
    acknowledged(&publisher, &job, 100).await;
    job.completed(&());
    acknowledged(&publisher, &job, 0).await;
    holds(&redis, "job_001", 102);
    let entries = redis.entries(KEY);
    let first: EventId = entries[1].id.parse().unwrap();
    assert_eq!(first.ms(), other.ms(), "as little ahead as can be");
    is_in_order(&redis, 0..102).await;
}

/// Rows 22 and 23: it comes to be while the job is at work, again and again.
#[tokio::test]
async fn a_stream_that_jumps_ahead_of_a_job_at_work_keeps_its_order() {
    let redis = TestRedis::start();
    let publisher = Publisher::connect(redis.url()).unwrap();
    let job = publisher.job("job_001", "t").unwrap();
    for jumps in 1..=5 {
        acknowledged(&publisher, &job, 50).await;
        ahead(&redis, jumps * HOUR);
    }
    acknowledged(&publisher, &job, 50).await;
    job.completed(&());
    acknowledged(&publisher, &job, 0).await;
    holds(&redis, "job_001", 302);
    is_in_order(&redis, 0..302).await;
    // What comes from a clock that is right follows, and a run that is done is not in its way.
    let again = publisher.job("job_001", "t").unwrap();
    again.completed(&());
    acknowledged(&publisher, &again, 0).await;
    is_in_order(&redis, (0..302).chain(0..2)).await;
}

/// Row 22: ids that no id can follow, which a client wrote whose clock was of no use.
#[tokio::test]
async fn a_stream_whose_ids_are_used_up_takes_nothing_and_jams_nobody() {
    let redis = TestRedis::start();
    redis.run(&["XADD", KEY, &EventId::MAX.to_string(), "data", "{}"]);
    let publisher = Publisher::connect(redis.url()).unwrap();
    let refused = publisher.publish_task_started("job_001", "t", &()).await;
    let error = refused.unwrap_err();
    assert_eq!(
        (error.kind(), error.may_still_arrive()),
        (ErrorKind::Rejected, false)
    );
    let other = publisher.job("job_002", "t").unwrap();
    other.completed(&());
    assert!(publisher.flush(IN_TIME).await.complete);
    assert_eq!(seqs(&redis.entries("job_events:job_002")), [0, 1]);
    assert_eq!(redis.entries(KEY).len(), 1);
}
