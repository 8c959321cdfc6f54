//! Consumers and publishers with redis-py that already run beside us: they read what we write, and take turns with us.
#![allow(clippy::unwrap_used)]

mod followed;
mod redis_py;

use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use followed::{followed, history};
use redis_py::{printed, python};
use serde_json::json;
use stream_events::{Event, Fields, Progress, Publisher};
use support::TestRedis;

const SOON: Duration = Duration::from_secs(30);

#[tokio::test]
async fn a_python_consumer_reads_our_job() {
    let redis = TestRedis::start();
    let publisher = Publisher::connect(redis.url()).unwrap();
    let before = SystemTime::now();
    let outline = json!({"title": "量子计算", "nodes": [{"title": "引言 😀\u{1b}\"\\"}]});
    let document = json!({"title": "大纲", "content": "# 引言\n", "word_count": u64::MAX});
    let job = publisher
        .job_builder("任务 1", "outline_generation")
        .unwrap();
    let job = job.attempt(1).max_attempts(2).start().unwrap();
    job.progress(Progress::new("正在分析需求").step("analysis").percent(10.0));
    job.emit(
        "outline_generated",
        Fields::new().field("outline", &outline),
    );
    job.emit(
        "document_generated",
        Fields::new().field("document", &document),
    );
    for n in 0..20 {
        job.emit("row", Fields::new().field("n", &n));
    }
    job.failed("第一次失败");
    assert!(publisher.flush(SOON).await.complete);
    publisher
        .publish_task_completed(
            "任务 1",
            "outline_generation",
            &json!({"ok": [1.5, null]}),
            &(),
        )
        .await
        .unwrap();

    let seen = printed("consumer.py", &[&redis.url(), "job_events:任务 1"]);
    let seen = seen.as_array().unwrap();
    let entries = redis.entries("job_events:任务 1");
    let ids = seen.iter().map(|line| &line["id"]);
    assert!(ids.eq(entries.iter().map(|entry| &entry.id)));
    for line in seen {
        assert_eq!(line["fields"], json!(["data", "timestamp", "event_type"]));
        let time = UNIX_EPOCH + Duration::from_secs_f64(line["seconds"].as_f64().unwrap());
        assert!(time + Duration::from_millis(1) > before && time <= SystemTime::now());
    }
    let saw: Vec<_> = seen
        .iter()
        .map(|line| (&line["type"], &line["saw"]))
        .collect();
    let expected = [
        ("task_started", json!("outline_generation")),
        ("task_progress", json!(["正在分析需求", "analysis"])),
        ("outline_generated", outline),
        ("document_generated", document),
    ];
    for ((kind, saw), (expected_kind, expected)) in saw.iter().zip(&expected) {
        assert_eq!((kind, saw), (&&json!(expected_kind), &expected));
    }
    assert_eq!(saw.len(), 26);
    assert_eq!((saw[23].0, &saw[23].1["n"]), (&json!("row"), &json!(19)));
    let tries = [&saw[23].1["attempt"], &saw[23].1["max_attempts"]];
    assert_eq!(tries, [&json!(1), &json!(2)]);
    assert_eq!(saw[24], (&json!("task_failed"), &json!("第一次失败")));
    assert_eq!(
        saw[25],
        (&json!("task_completed"), &json!({"ok": [1.5, null]}))
    );
}

#[tokio::test]
async fn two_writers_of_one_stream_take_turns() {
    const TURNS: u64 = 20;
    let redis = TestRedis::start();
    let publisher = Publisher::connect(redis.url()).unwrap();
    let mut other = python("alternate.py", &[&redis.url(), "job_001"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut turn = other.stdin.take().unwrap();
    let mut taken = BufReader::new(other.stdout.take().unwrap()).lines();
    publisher
        .publish_task_started("job_001", "t", &())
        .await
        .unwrap();
    let mut order = Vec::new();
    for n in 0..TURNS {
        writeln!(turn, "{n}").unwrap();
        order.push(taken.next().unwrap().unwrap());
        let data = json!({"event_type": "ours", "n": n});
        order.push(
            publisher
                .publish_event("job_001", &data)
                .await
                .unwrap()
                .to_string(),
        );
    }
    publisher
        .publish_task_completed("job_001", "t", &(), &())
        .await
        .unwrap();
    drop(turn);
    assert!(other.wait().unwrap().success());

    let events = history(&publisher.reader(), "job_001").await;
    let turns: Vec<_> = events[1..events.len() - 1]
        .iter()
        .map(|event| event.id().to_string())
        .collect();
    assert_eq!(turns, order);
    let numbers = events
        .iter()
        .filter_map(|event| event.field::<u64>("n").unwrap());
    assert_eq!(
        numbers.collect::<Vec<_>>(),
        (0..TURNS).flat_map(|n| [n, n]).collect::<Vec<_>>()
    );
    let seqs = events.iter().filter_map(Event::seq).collect::<Vec<_>>();
    assert_eq!(seqs, (0..TURNS + 2).collect::<Vec<_>>());
    assert_eq!(
        followed(publisher.reader().watch("job_001").unwrap())
            .await
            .len(),
        events.len()
    );
}
