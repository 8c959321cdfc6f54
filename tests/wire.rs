//! What stands on a stream: keys, fields, ids and bounds, as any client sees them on a real server.
#![allow(clippy::unwrap_used)]

use std::time::Duration;

use serde_json::json;
use stream_events::{Fields, Progress, Publisher};
use support::{RawEntry, TestRedis, seqs};

const SOON: Duration = Duration::from_secs(30);

fn id(entry: &RawEntry) -> (u64, u64) {
    let (ms, n) = entry.id.split_once('-').unwrap();
    (ms.parse().unwrap(), n.parse().unwrap())
}

fn assert_ids_rise(entries: &[RawEntry]) {
    assert!(entries.is_sorted_by(|a, b| id(a) < id(b)), "{entries:#?}");
}

/// `data` with what differs from run to run replaced.
fn golden(entry: &RawEntry, run: &str) -> String {
    let data = entry
        .field("data")
        .replace(entry.field("timestamp"), "<time>");
    data.replace(run, "<run>")
}

#[tokio::test]
async fn a_job_from_start_to_end() {
    let redis = TestRedis::start();
    let publisher = Publisher::connect(redis.url()).unwrap();
    let job = publisher.job("job_001", "outline_generation").unwrap();
    job.progress(Progress::new("正在分析需求").step("analysis").percent(10.0));
    job.emit(
        "outline_generated",
        Fields::new().field("outline", &json!({"title": "大纲", "nodes": []})),
    );
    job.completed(&json!({"ok": true}));
    assert!(publisher.flush(SOON).await.complete);

    let entries = redis.entries("job_events:job_001");
    assert_ids_rise(&entries);
    for entry in &entries {
        let names: Vec<_> = entry.fields.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["data", "timestamp", "event_type"]);
        assert_eq!(entry.data()["timestamp"], entry.field("timestamp"));
        assert_eq!(entry.data()["event_type"], entry.field("event_type"));
        let time = entry.field("timestamp");
        assert!(
            time.len() == 32 && time.ends_with("+00:00") && time.as_bytes()[19] == b'.',
            "{time}"
        );
    }
    let head = |kind, seq| {
        format!(
            r#"{{"event_type":"{kind}","timestamp":"<time>","job_id":"job_001","task_type":"outline_generation","run":"<run>","seq":{seq}"#
        )
    };
    let written: Vec<_> = entries
        .iter()
        .map(|entry| golden(entry, job.run_id()))
        .collect();
    assert_eq!(written[0], head("task_started", 0) + "}");
    assert_eq!(
        written[1],
        head("task_progress", 1) + r#","progress":"正在分析需求","step":"analysis","percent":10}"#
    );
    assert_eq!(
        written[2],
        head("outline_generated", 2) + r#","outline":{"nodes":[],"title":"大纲"}}"#
    );
    let end = head("task_completed", 3) + r#","result":{"ok":true},"duration_ms":"#;
    assert!(written[3].starts_with(&end), "{}", written[3]);
}

#[tokio::test]
async fn a_stream_expires_also_when_its_job_never_ends() {
    let redis = TestRedis::start();
    let publisher = Publisher::connect(redis.url()).unwrap();
    let ttl = || redis.kept("job_events:job_001");
    let job = publisher.job("job_001", "t").unwrap();
    job.progress("working");
    assert!(publisher.flush(SOON).await.complete);
    let week = 7 * 24 * 60 * 60;
    assert!((week - 60..=week).contains(&ttl()), "{}", ttl());
    job.failed("no");
    assert!(publisher.flush(SOON).await.complete);
    let day = 24 * 60 * 60;
    assert!((day - 60..=day).contains(&ttl()), "{}", ttl());
}

#[tokio::test]
async fn a_stream_is_trimmed_to_about_its_bound() {
    let redis = TestRedis::start();
    let publisher = Publisher::builder()
        .url(redis.url())
        .max_len(100)
        .connect()
        .unwrap();
    let job = publisher.job("job_001", "t").unwrap();
    for n in 0..2000 {
        job.emit("row", Fields::new().field("n", &n));
    }
    job.completed(&());
    assert!(publisher.flush(SOON).await.complete);
    let entries = redis.entries("job_events:job_001");
    // The server trims whole nodes, of 100 entries by default.
    assert!((100..=300).contains(&entries.len()), "{}", entries.len());
    assert_eq!(entries.last().unwrap().data()["seq"], json!(2001));
}

/// Row 39
#[tokio::test]
async fn a_payload_over_the_limit_is_cut_and_says_so() {
    let redis = TestRedis::start();
    let publisher = Publisher::connect(redis.url()).unwrap();
    let job = publisher.job("job_001", "t").unwrap();
    let fields = Fields::new()
        .field("long", &"汉".repeat(200_000))
        .field("short", &7);
    job.emit("big", fields);
    job.completed(&"x".repeat(3_000_000));
    assert!(publisher.flush(SOON).await.complete);
    let entries = redis.entries("job_events:job_001");
    let (big, end) = (entries[1].data(), entries[2].data());
    for entry in &entries {
        assert!(
            entry.field("data").len() <= stream_events::MAX_PAYLOAD,
            "{}",
            entry.field("data").len()
        );
    }
    assert_eq!(
        (&big["truncated"], &big["short"]),
        (&json!(true), &json!(7))
    );
    assert_eq!(
        big["original_size"],
        json!(r#","long":"","short":7"#.len() + 600_000)
    );
    assert!(big["long"].as_str().unwrap().chars().all(|c| c == '汉'));
    assert_eq!(
        (&end["event_type"], &end["truncated"]),
        (&json!("task_completed"), &json!(true))
    );
    assert!(end["original_size"].as_u64().unwrap() > 3_000_000);
}

#[tokio::test]
async fn ids_go_above_those_of_another_writer() {
    let redis = TestRedis::start();
    let publisher = Publisher::connect(redis.url()).unwrap();
    let job = publisher.job("job_001", "t").unwrap();
    assert!(publisher.flush(SOON).await.complete);
    // Another host, whose clock is an hour ahead.
    let ahead = entries_id_plus(&redis, 3_600_000);
    let foreign = redis::cmd("XADD")
        .arg("job_events:job_001")
        .arg(&ahead)
        .arg("data")
        .arg("{}")
        .query(&mut redis.client());
    assert_eq!(foreign, Ok(ahead.clone()));
    for n in 0..10 {
        job.emit("row", Fields::new().field("n", &n));
    }
    job.completed(&());
    assert!(publisher.flush(SOON).await.complete);

    let entries = redis.entries("job_events:job_001");
    assert_ids_rise(&entries);
    assert_eq!((entries.len(), &entries[1].id), (13, &ahead));
    assert_eq!(seqs(&entries), (0..12).collect::<Vec<_>>());
    assert_eq!(publisher.stats().delivered, 12);
}

fn entries_id_plus(redis: &TestRedis, ms: u64) -> String {
    let (last, _) = id(redis.entries("job_events:job_001").last().unwrap());
    format!("{}-0", last + ms)
}

#[tokio::test]
async fn a_stream_that_others_write_all_the_time_still_takes_every_event_in_order() {
    let redis = TestRedis::start();
    let publisher = Publisher::connect(redis.url()).unwrap();
    let job = publisher.job("job_001", "t").unwrap();
    let mut client = redis.client();
    for n in 0..20_u64 {
        assert!(publisher.flush(SOON).await.complete);
        let ahead = entries_id_plus(&redis, 1000);
        redis::cmd("XADD")
            .arg("job_events:job_001")
            .arg(ahead)
            .arg("data")
            .arg("{}")
            .exec(&mut client)
            .unwrap();
        job.emit("row", Fields::new().field("n", &n));
    }
    job.completed(&());
    assert!(publisher.flush(SOON).await.complete);
    let entries = redis.entries("job_events:job_001");
    assert_eq!(seqs(&entries), (0..22).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_key_that_holds_something_else_loses_its_own_events_only() {
    let redis = TestRedis::start();
    redis.occupy("job_events:taken");
    let publisher = Publisher::connect(redis.url()).unwrap();
    let taken = publisher.job("taken", "t").unwrap();
    let free = publisher.job("free", "t").unwrap();
    taken.completed(&());
    free.completed(&());
    assert!(publisher.flush(SOON).await.complete);
    let stats = publisher.stats();
    assert_eq!(
        (stats.delivered, stats.dropped.rejected, stats.pending),
        (2, 2, 0)
    );
    assert_eq!(redis.entries("job_events:free").len(), 2);
    let refused = publisher
        .publish_event("taken", &json!({"event_type": "x"}))
        .await
        .unwrap_err();
    assert_eq!(refused.kind(), stream_events::ErrorKind::Rejected);
    assert!(
        refused.to_string().contains("refused x: WRONGTYPE"),
        "{refused}"
    );
}

#[tokio::test]
async fn the_prefix_can_be_set() {
    let redis = TestRedis::start();
    let publisher = Publisher::builder()
        .url(redis.url())
        .prefix("tenant:a")
        .connect()
        .unwrap();
    publisher.job("job_001", "t").unwrap().completed(&());
    assert!(publisher.flush(SOON).await.complete);
    assert_eq!(redis.entries("tenant:a:job_001").len(), 2);
    assert_eq!(
        publisher.reader().key("job_001").unwrap(),
        "tenant:a:job_001"
    );
    let error = Publisher::builder()
        .url(redis.url())
        .prefix("a{b")
        .connect()
        .unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with(r#"the prefix "a{b" holds '{'; a prefix has 1 to 256 bytes"#),
        "{error}"
    );
}
