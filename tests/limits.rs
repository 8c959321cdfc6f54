//! What hostile or careless input, and long outages, may not do: lose an end, jam the rest, grow for ever.
#![allow(clippy::unwrap_used)]

use std::fmt;
use std::time::Duration;

use serde_json::json;
use stream_events::{ErrorKind, Fields, Item, Progress, Publisher, job_events};
use support::{Proxy, TestRedis, seqs};

const SOON: Duration = Duration::from_secs(30);

/// Fills the queue of a publisher whose server is away.
fn fill(publisher: &Publisher, job: &stream_events::Job) {
    while publisher.stats().dropped.queue_full == 0 {
        job.emit("fill", Fields::new().field("row", &"x".repeat(50)));
    }
}

#[tokio::test]
async fn the_newest_progress_comes_through_a_full_queue_and_jams_nobody() {
    let mut redis = TestRedis::start();
    redis.kill();
    let publisher = Publisher::builder()
        .url(redis.url())
        .queue_bytes(20_000)
        .connect()
        .unwrap();
    let (a, b) = (
        publisher.job("a", "t").unwrap(),
        publisher.job("b", "t").unwrap(),
    );
    a.progress("first");
    a.progress(Progress::new("second").current(2));
    fill(&publisher, &b);
    a.progress(Progress::new("x".repeat(1500)).current(3));
    redis.restart();
    a.completed(&());
    b.completed(&());
    let report = publisher.flush(SOON).await;
    assert!(report.complete, "{report}");
    let of_a: Vec<_> = redis
        .entries("job_events:a")
        .iter()
        .map(support::RawEntry::data)
        .collect();
    let newest = &of_a[2];
    assert_eq!(
        (&newest["event_type"], &newest["coalesced"]),
        (&json!("task_progress"), &json!(1))
    );
    assert_eq!(newest["truncated"], json!(true));
    assert_eq!(of_a[3]["event_type"], json!("task_completed"));
    let of_b = redis.entries("job_events:b");
    assert_eq!(of_b.last().unwrap().field("event_type"), "task_completed");
    let stats = publisher.stats();
    assert_eq!(
        stats.emitted,
        stats.delivered + stats.coalesced + stats.dropped.total()
    );
}

/// Row 14
#[tokio::test]
async fn a_server_that_was_demoted_is_left_and_found_again() {
    let redis = TestRedis::start();
    let proxy = Proxy::to(&redis);
    let publisher = Publisher::connect(proxy.url()).unwrap();
    let job = publisher.job("job_001", "t").unwrap();
    assert!(publisher.flush(SOON).await.complete);
    redis.demote();
    (0..10).for_each(|_| job.emit("row", Fields::new()));
    assert!(!publisher.flush(Duration::from_millis(500)).await.complete);
    redis.promote();
    job.completed(&());
    assert!(publisher.flush(SOON).await.complete);
    assert!(proxy.traffic().connections > 1, "the demoted one was left");
    assert_eq!(
        seqs(&redis.entries("job_events:job_001")),
        (0..12).collect::<Vec<_>>()
    );
}

/// Row 39
#[tokio::test]
async fn bounds_that_are_no_bounds_and_names_without_end_are_taken() {
    let redis = TestRedis::start();
    let publisher = Publisher::builder()
        .url(redis.url())
        .max_len(u64::MAX)
        .connect()
        .unwrap();
    let job = publisher.job("job_001", &"t".repeat(1_000_000)).unwrap();
    job.emit(&"e".repeat(1_000_000), Fields::new());
    job.failed(Unspeakable);
    assert!(publisher.flush(SOON).await.complete);
    let entries = redis.entries("job_events:job_001");
    assert_eq!(
        entries[1].field("event_type"),
        "e".repeat(stream_events::MAX_NAME)
    );
    let end = entries[2].data();
    assert_eq!(end["task_type"], json!("t".repeat(stream_events::MAX_NAME)));
    assert!(
        end["error"]
            .as_str()
            .unwrap()
            .ends_with("Unspeakable that does not display"),
        "{end}"
    );

    let long = "e".repeat(257);
    let refused = publisher
        .publish_event("job_001", &json!({"event_type": long}))
        .await
        .unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::InvalidEvent);
    assert!(
        refused.to_string().starts_with("the event type \"eee"),
        "{refused}"
    );
    assert!(
        refused
            .to_string()
            .ends_with("has 257 bytes; it may have 256"),
        "{refused}"
    );
    let refused = publisher
        .publish_task_started("job_001", &long, &())
        .await
        .unwrap_err();
    assert!(
        refused.to_string().starts_with("the task type"),
        "{refused}"
    );
}

struct Unspeakable;

impl fmt::Display for Unspeakable {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        panic!("in the middle of an error")
    }
}

#[tokio::test]
async fn starts_without_an_end_here_take_no_room_and_a_second_start_ends_the_first() {
    let redis = TestRedis::start();
    let publisher = Publisher::builder()
        .url(redis.url())
        .queue_bytes(50_000)
        .connect()
        .unwrap();
    for n in 0..300 {
        publisher
            .publish_task_started(format!("job_{n}"), "t", &())
            .await
            .unwrap();
    }
    let job = publisher.job("another", "t").unwrap();
    job.completed(&());
    publisher
        .publish_task_started("job_7", "t", &())
        .await
        .unwrap();
    publisher
        .publish_task_completed("job_7", "t", &(), &())
        .await
        .unwrap();
    let entries = redis.entries("job_events:job_7");
    assert_eq!(seqs(&entries), [0, 1, 0, 1]);
    let displaced = entries[1].data();
    assert_eq!(displaced["error_kind"], json!("cancelled"));
    assert_eq!(
        displaced["error"],
        json!("the job was started again before this run ended")
    );
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_publisher_goes_with_its_last_handle() {
    let threads = || {
        let tasks = std::fs::read_dir("/proc/self/task").unwrap();
        let names = tasks
            .flatten()
            .map(|task| std::fs::read_to_string(task.path().join("comm")));
        names
            .flatten()
            .filter(|name| name == "stream-events\n")
            .count()
    };
    let redis = TestRedis::start();
    for n in 0..50 {
        let publisher = Publisher::connect(redis.url()).unwrap();
        publisher
            .publish_task_started(format!("job_{n}"), "t", &())
            .await
            .unwrap();
    }
    // Other tests have theirs; fifty would be ours.
    let gone = async {
        while threads() > 25 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(SOON, gone)
        .await
        .expect("the threads end");
}

#[job_events(task_type = "t")]
async fn waits_with_a_page(job_id: &str) -> u8 {
    let page = [1_u8; 4096];
    std::future::ready(()).await;
    page[job_id.len()]
}

async fn just_waits_with_a_page(job_id: &str) -> u8 {
    let page = [1_u8; 4096];
    std::future::ready(()).await;
    page[job_id.len()]
}

#[job_events(task_type = "t")]
async fn nests(job_id: &str) -> u8 {
    waits_with_a_page(job_id).await
}

#[test]
fn a_job_holds_its_state_once() {
    let plain = size_of_val(&just_waits_with_a_page("a"));
    let (one, two) = (
        size_of_val(&waits_with_a_page("a")),
        size_of_val(&nests("a")),
    );
    assert!(
        one < plain + 512 && two < plain + 1024,
        "{plain}, {one}, {two}"
    );
}

#[tokio::test]
async fn a_thousand_equal_keys_are_told_apart_at_once() {
    let text = format!("{{{}}}", ["\"k\":1"; 2000].join(","));
    let raw = serde_json::value::RawValue::from_string(text).unwrap();
    let publisher = Publisher::connect("memory:equal_keys").unwrap();
    publisher.publish_event("job_001", &raw).await.unwrap();
    let mut watch = publisher.reader().watch("job_001").unwrap();
    let Some(Ok(Item::Event(event))) = watch.next().await else {
        panic!()
    };
    assert_eq!(event.data().matches("\"k").count(), 2000);
    assert!(event.data().len() < 100_000);
}
