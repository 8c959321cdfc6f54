//! A queue with no room left: what each run keeps of its progress all the same, part by part.
#![allow(clippy::unwrap_used)]

use std::time::Duration;

use futures_util::FutureExt;
use serde_json::{Value, json};
use stream_events::{ErrorKind, Fields, Job, Progress, Publisher, job_events, progress_span};
use support::{RawEntry, TestRedis};
use tokio::sync::Mutex;
use tracing::record_all;
use tracing_subscriber::prelude::*;

const SOON: Duration = Duration::from_secs(30);
/// One publisher at a time is that of the process.
static INSTALLING: Mutex<()> = Mutex::const_new(());

fn publisher(redis: &TestRedis, queue_bytes: usize) -> Publisher {
    let builder = Publisher::builder().url(redis.url());
    builder.queue_bytes(queue_bytes).connect().unwrap()
}

/// Takes all the room that is nobody's.
fn fill(job: &Job, publisher: &Publisher) {
    while publisher.stats().dropped.queue_full == 0 {
        job.emit("row", Fields::new());
    }
}

fn progress(redis: &TestRedis, job: &str) -> Vec<Value> {
    let entries = redis.entries(&format!("job_events:{job}"));
    let data = entries.iter().map(RawEntry::data);
    data.filter(|data| data["event_type"] == "task_progress")
        .collect()
}

#[tokio::test]
async fn the_first_and_the_newest_progress_of_a_run_find_room_in_a_full_queue() {
    let mut redis = TestRedis::start();
    redis.kill();
    let publisher = publisher(&redis, 100_000);
    let jobs = ["job_001", "job_002"].map(|id| publisher.job(id, "t").unwrap());
    fill(&jobs[0], &publisher);
    let dropped = publisher.stats().dropped.queue_full;
    for n in 0..1000 {
        for job in &jobs {
            job.progress(Progress::new(format!("at {n}")).current(n));
        }
    }
    // More than its slot has: it comes without its fields, but it comes.
    let long = "x".repeat(10_000);
    jobs[1].progress(Progress::new(&*long).current(1000));
    let stats = publisher.stats();
    assert_eq!(
        (stats.dropped.queue_full, stats.coalesced),
        (dropped, 2 * 998 + 1)
    );
    jobs.iter().for_each(|job| job.completed(&()));
    redis.restart();
    assert!(publisher.flush(SOON).await.complete);
    let [first, newest] = &progress(&redis, "job_001")[..] else {
        panic!("one of each")
    };
    assert_eq!(
        (&first["current"], &newest["current"]),
        (&json!(0), &json!(999))
    );
    assert_eq!(newest["coalesced"], 998);
    let [_, newest] = &progress(&redis, "job_002")[..] else {
        panic!("one of each")
    };
    assert_eq!(
        (&newest["truncated"], &newest["coalesced"]),
        (&json!(true), &json!(999))
    );
    let again = publisher.job("job_003", "t").unwrap();
    drop(again);
    assert!(publisher.flush(SOON).await.complete);
}

#[job_events(task_type = "t")]
async fn two_parts(job_id: &str) {
    let (pages, words) = (
        progress_span!("pages", total = 5_000, says = ""),
        progress_span!("words", total = 5_000, says = ""),
    );
    for n in 1..=5_000 {
        // With a text, no number waits to be shown.
        record_all!(pages, current = n, says = "one more");
        record_all!(words, current = n, says = "one more");
    }
}

#[tokio::test]
async fn the_newest_progress_of_each_part_stays_while_the_queue_is_pressed() {
    let _alone = INSTALLING.lock().await;
    let mut redis = TestRedis::start();
    redis.kill();
    let publisher = publisher(&redis, 100_000);
    let _subscriber = tracing_subscriber::registry()
        .with(stream_events_tracing::layer())
        .set_default();
    let installed = publisher.install();
    two_parts("job_001").await;
    redis.restart();
    assert!(installed.publisher().flush(SOON).await.complete);
    let events = progress(&redis, "job_001");
    for part in ["pages", "words"] {
        let of_part = events.iter().filter(|data| data["progress"] == part);
        let last = of_part.clone().next_back().unwrap();
        assert_eq!(last["current"], 5_000, "{last}");
        let shown: u64 = of_part
            .map(|data| 1 + data["coalesced"].as_u64().unwrap_or(0))
            .sum();
        assert_eq!(shown, 5_002, "its begin, each step, and its end");
    }
    assert!(events.len() < 1000, "{}", events.len());
}

#[job_events(task_type = "t", heartbeat = "100ms")]
async fn beats_and_speaks(job_id: &str, publisher: &Publisher) {
    // It begins while there is room for that, and goes on where there is none.
    tokio::task::yield_now().await;
    let emitted = publisher.stats().emitted;
    while publisher.stats().emitted < emitted + 3 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let job = Job::current().unwrap();
    for n in 0..1000 {
        job.progress(Progress::new(job_id).current(n));
    }
}

/// A heartbeat says nothing that is new.
#[tokio::test]
async fn the_first_progress_of_a_run_stays_also_behind_heartbeats() {
    let _alone = INSTALLING.lock().await;
    let mut redis = TestRedis::start();
    redis.kill();
    let installed = publisher(&redis, 100_000).install();
    let publisher = installed.publisher();
    let filler = publisher.job("job_001", "t").unwrap();
    let beating = beats_and_speaks("job_002", publisher);
    let mut beating = std::pin::pin!(beating);
    assert!(beating.as_mut().now_or_never().is_none());
    fill(&filler, publisher);
    beating.await;
    redis.restart();
    assert!(publisher.flush(SOON).await.complete);
    let mut said = progress(&redis, "job_002");
    said.retain(|data| data["heartbeat"] != true);
    let [first, newest] = &said[..] else {
        panic!("one of each: {said:?}")
    };
    assert_eq!(
        (&first["current"], &newest["current"]),
        (&json!(0), &json!(999))
    );
}

#[tokio::test]
async fn an_awaiting_end_that_found_no_room_can_be_given_again() {
    let mut redis = TestRedis::start();
    let publisher = publisher(&redis, 20_000);
    publisher
        .publish_task_started("job_001", "t", &())
        .await
        .unwrap();
    redis.kill();
    let filler = publisher.job("job_002", "t").unwrap();
    fill(&filler, &publisher);
    let refused = publisher
        .publish_task_completed("job_001", "t", &"done", &())
        .await
        .unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::QueueFull);
    redis.restart();
    assert!(publisher.flush(SOON).await.complete);
    publisher
        .publish_task_completed("job_001", "t", &"done", &())
        .await
        .unwrap();
    let entries = redis.entries("job_events:job_001");
    let types: Vec<_> = entries
        .iter()
        .map(|entry| entry.field("event_type"))
        .collect();
    assert_eq!(types, ["task_started", "task_completed"]);
    assert_eq!(entries[0].data()["run"], entries[1].data()["run"]);
}
