//! The publisher's own face: the awaiting methods, flush and shutdown, bounds and counts.
#![allow(clippy::unwrap_used)]

use std::time::Duration;

use serde_json::{Value, json};
use stream_events::{ErrorKind, EventId, Fields, Item, Progress, Publisher, Reader};
use support::{RawEntry, TestRedis};

const SOON: Duration = Duration::from_secs(10);

fn data(entry: &RawEntry) -> Value {
    serde_json::from_str(entry.field("data")).unwrap()
}

#[tokio::test]
async fn the_seven_methods_append_one_run_and_return_its_ids() {
    let redis = TestRedis::start();
    let publisher = Publisher::connect(redis.url()).unwrap();
    let (job, task) = ("job_001", "outline_generation");
    let outline = json!({"title": "大纲", "nodes": [1]});
    let ids = [
        publisher
            .publish_task_started(job, task, &json!({"task_prompt": "写大纲"}))
            .await
            .unwrap(),
        publisher
            .publish_task_progress(job, task, "analysing", &json!({"step": "analysis", "n": 1}))
            .await
            .unwrap(),
        publisher
            .publish_outline_generated(job, &outline)
            .await
            .unwrap(),
        publisher
            .publish_document_generated(job, &json!({"word_count": 3}))
            .await
            .unwrap(),
        publisher
            .publish_event(job, &json!({"event_type": "own", "seq": 9}))
            .await
            .unwrap(),
        publisher
            .publish_event(job, &json!({"nameless": true}))
            .await
            .unwrap(),
        publisher
            .publish_task_completed(job, task, &json!({"ok": 1}), &json!({"duration": "30s"}))
            .await
            .unwrap(),
    ];
    let entries = redis.entries("job_events:job_001");
    assert_eq!(
        entries
            .iter()
            .map(|entry| entry.id.clone())
            .collect::<Vec<_>>(),
        ids.map(|id| id.to_string())
    );
    let types: Vec<_> = entries
        .iter()
        .map(|entry| entry.field("event_type"))
        .collect();
    let expected = [
        "task_started",
        "task_progress",
        "outline_generated",
        "document_generated",
        "own",
        "unknown",
        "task_completed",
    ];
    assert_eq!(types, expected);
    let run = data(&entries[0])["run"].clone();
    for (seq, entry) in entries.iter().enumerate() {
        let data = data(entry);
        assert_eq!(
            (&data["seq"], &data["run"], &data["task_type"]),
            (&json!(seq), &run, &json!(task))
        );
    }
    let [started, progress, generated, _, own, _, completed] = <[_; 7]>::try_from(entries).unwrap();
    assert_eq!(data(&started)["task_prompt"], json!("写大纲"));
    let progress = data(&progress);
    assert_eq!(
        (&progress["progress"], &progress["step"], &progress["n"]),
        (&json!("analysing"), &json!("analysis"), &json!(1))
    );
    assert_eq!(data(&generated)["outline"], outline);
    assert_eq!(data(&own)["seq_"], json!(9));
    let completed = data(&completed);
    assert_eq!(
        (&completed["result"], &completed["duration"]),
        (&json!({"ok": 1}), &json!("30s"))
    );
    assert!(completed["duration_ms"].is_u64());

    assert_eq!(publisher.stream_length(job).await.unwrap(), 7);
    let info = publisher.stream_info(job).await.unwrap().unwrap();
    assert_eq!(
        (info.length, info.last_id, info.first_event.unwrap().id()),
        (7, ids[6], ids[0])
    );
    assert_eq!(publisher.stream_length("nothing").await.unwrap(), 0);
    assert!(publisher.stream_info("nothing").await.unwrap().is_none());
}

#[tokio::test]
async fn a_failure_is_an_end_and_the_next_start_another_run() {
    let redis = TestRedis::start();
    let publisher = Publisher::connect(redis.url()).unwrap();
    for _ in 0..2 {
        publisher
            .publish_task_started("job_001", "t", &())
            .await
            .unwrap();
        publisher
            .publish_task_failed("job_001", "t", "no such file", &json!({"path": "a.md"}))
            .await
            .unwrap();
    }
    let entries: Vec<_> = redis
        .entries("job_events:job_001")
        .iter()
        .map(data)
        .collect();
    let seqs: Vec<_> = entries
        .iter()
        .map(|data| data["seq"].as_u64().unwrap())
        .collect();
    assert_eq!(seqs, [0, 1, 0, 1]);
    assert_ne!(entries[0]["run"], entries[2]["run"]);
    let failed = &entries[1];
    let expected = json!({"error": "no such file", "error_kind": "error", "will_retry": false, "path": "a.md"});
    for (key, value) in expected.as_object().unwrap() {
        assert_eq!(&failed[key], value);
    }
}

#[tokio::test]
async fn an_awaiting_event_joins_the_run_of_a_job_that_is_at_work() {
    let redis = TestRedis::start();
    let publisher = Publisher::connect(redis.url()).unwrap();
    let job = publisher.job("job_001", "t").unwrap();
    publisher
        .publish_outline_generated("job_001", &json!({}))
        .await
        .unwrap();
    job.completed(&());
    let late = publisher
        .publish_outline_generated("job_001", &json!({}))
        .await
        .unwrap();
    assert!(late > EventId::ZERO);
    let runs: Vec<_> = redis
        .entries("job_events:job_001")
        .iter()
        .map(|entry| data(entry)["run"].clone())
        .collect();
    assert!(runs[..3].iter().all(|run| run == job.run_id()));
    assert_ne!(runs[3], runs[0], "after its end it belongs to no run");
}

#[tokio::test]
async fn bad_input_is_refused_by_name_before_anything_is_sent() {
    let publisher = Publisher::connect("memory:bad_input").unwrap();
    let refusals = [
        (
            publisher.publish_event("a{b", &()).await,
            ErrorKind::InvalidJobId,
            "the job id \"a{b\" holds '{'",
        ),
        (
            publisher.publish_event("", &()).await,
            ErrorKind::InvalidJobId,
            "the job id \"\" is empty",
        ),
        (
            publisher.publish_event("j", &[1]).await,
            ErrorKind::InvalidEvent,
            "the event serialises to an array",
        ),
        (
            publisher
                .publish_event("j", &json!({"event_type": 7}))
                .await,
            ErrorKind::InvalidEvent,
            "the field `event_type` of the event is 7; it has to be a string",
        ),
        (
            publisher
                .publish_event("j", &json!({"long": "x".repeat(300_000)}))
                .await,
            ErrorKind::TooLarge,
            "unknown has more than 258048 bytes of JSON",
        ),
        (
            publisher
                .publish_task_completed("j", "t", &"x".repeat(300_000), &())
                .await,
            ErrorKind::TooLarge,
            "task_completed has more than 258048 bytes of JSON",
        ),
        (
            publisher
                .publish_outline_generated("j", &std::collections::HashMap::from([((1, 2), 3)]))
                .await,
            ErrorKind::InvalidEvent,
            "the outline does not serialise to JSON: key must be a string",
        ),
    ];
    for (result, kind, text) in refusals {
        let error = result.unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().starts_with(text), "{error}");
    }
    assert_eq!(publisher.stats().emitted, 0);
}

#[tokio::test]
async fn progress_coalesces_under_pressure_and_the_counts_add_up() {
    let mut redis = TestRedis::start();
    redis.kill();
    let publisher = Publisher::builder()
        .url(redis.url())
        .queue_bytes(200_000)
        .connect()
        .unwrap();
    let jobs: Vec<_> = (0..10)
        .map(|n| publisher.job(format!("job_{n}"), "t").unwrap())
        .collect();
    for n in 0..10_000 {
        for job in &jobs {
            job.progress(Progress::new("at work").current(n));
        }
    }
    jobs.iter().for_each(|job| job.completed(&()));
    let stats = publisher.stats();
    assert_eq!(stats.emitted, stats.coalesced + stats.pending);
    assert!(stats.coalesced > 99_000, "{stats:?}");
    redis.restart();
    assert!(publisher.flush(SOON * 3).await.complete);
    let stats = publisher.stats();
    assert_eq!(
        (stats.emitted, stats.pending),
        (stats.delivered + stats.coalesced, 0)
    );
    for n in 0..10 {
        let entries: Vec<_> = redis
            .entries(&format!("job_events:job_{n}"))
            .iter()
            .map(data)
            .collect();
        let seqs: Vec<_> = entries
            .iter()
            .map(|data| data["seq"].as_u64().unwrap())
            .collect();
        assert_eq!(
            seqs,
            (0..entries.len() as u64).collect::<Vec<_>>(),
            "what is coalesced leaves no hole"
        );
        let [_, first, .., last, end] = &entries[..] else {
            panic!("{entries:?}")
        };
        assert_eq!(
            (&first["current"], &last["current"]),
            (&json!(0), &json!(9_999))
        );
        assert_eq!(end["event_type"], json!("task_completed"));
        let shown: u64 = entries[1..entries.len() - 1]
            .iter()
            .map(|data| 1 + data["coalesced"].as_u64().unwrap_or(0))
            .sum();
        assert_eq!(shown, 10_000);
    }
}

#[tokio::test]
async fn a_full_queue_drops_and_counts_but_never_an_end() {
    let mut redis = TestRedis::start();
    redis.kill();
    let publisher = Publisher::builder()
        .url(redis.url())
        .queue_bytes(50_000)
        .connect()
        .unwrap();
    let job = publisher.job("job_001", "t").unwrap();
    for n in 0..500 {
        job.emit("row", Fields::new().field("n", &n));
    }
    let full = publisher
        .publish_event("job_001", &json!({"event_type": "one_more"}))
        .await
        .unwrap_err();
    assert_eq!(
        (full.kind(), full.may_still_arrive()),
        (ErrorKind::QueueFull, false)
    );
    assert!(
        full.to_string().starts_with(
            "the queue is full (50000 bytes): one_more of job `job_001` was not taken"
        )
    );
    let no_room = publisher.job("job_002", "t").unwrap_err();
    assert_eq!(no_room.kind(), ErrorKind::QueueFull);
    job.completed(&"x".repeat(10_000));
    redis.restart();
    assert!(publisher.flush(SOON * 3).await.complete);

    let stats = publisher.stats();
    assert_eq!(stats.emitted, 504);
    assert_eq!(stats.delivered + stats.dropped.queue_full, 504);
    let entries: Vec<_> = redis
        .entries("job_events:job_001")
        .iter()
        .map(data)
        .collect();
    let end = entries.last().unwrap();
    assert_eq!(
        (&end["event_type"], &end["truncated"]),
        (&json!("task_completed"), &json!(true))
    );
    assert_eq!(
        end["seq"],
        json!(502),
        "what was dropped is a hole before the end"
    );

    let mut watch = Reader::connect(redis.url())
        .unwrap()
        .watch("job_001")
        .unwrap();
    let mut missing = 0;
    while let Some(item) = watch.next().await {
        if let Item::Gap(gap) = item.unwrap() {
            missing += gap.count;
        }
    }
    assert_eq!(
        missing,
        stats.dropped.queue_full - 1,
        "all but the event of the run that never began"
    );
}

#[tokio::test]
async fn after_its_end_a_run_takes_nothing_and_after_shutdown_a_publisher() {
    let redis = TestRedis::start();
    let publisher = Publisher::connect(redis.url()).unwrap();
    let job = publisher.job("job_001", "t").unwrap();
    job.failed("first");
    job.completed(&"second");
    job.progress("late");
    drop(job);
    let report = publisher.shutdown(SOON).await;
    assert!(report.complete);
    assert_eq!(
        (
            report.stats.delivered,
            report.stats.dropped.after_end,
            report.stats.pending
        ),
        (2, 2, 0)
    );
    assert_eq!(redis.entries("job_events:job_001").len(), 2);

    let closed = publisher.publish_event("job_001", &()).await.unwrap_err();
    assert_eq!(
        (closed.kind(), closed.to_string().as_str()),
        (
            ErrorKind::Closed,
            "the publisher is shut down; the event was not sent"
        )
    );
    assert_eq!(
        publisher.job("job_002", "t").unwrap_err().kind(),
        ErrorKind::Closed
    );
    assert!(publisher.flush(SOON).await.complete && publisher.shutdown(SOON).await.complete);
    assert_eq!(publisher.stats().dropped.shut_down, 2);
}

#[tokio::test]
async fn a_shutdown_that_runs_out_of_time_says_what_is_lost() {
    let mut redis = TestRedis::start();
    redis.kill();
    let publisher = Publisher::connect(redis.url()).unwrap();
    let waiting = publisher.clone();
    let waiter =
        tokio::spawn(async move { waiting.publish_task_started("job_001", "t", &()).await });
    while publisher.stats().pending == 0 {
        tokio::task::yield_now().await;
    }
    let report = publisher.shutdown(Duration::from_millis(50)).await;
    assert!(!report.complete);
    assert_eq!(
        (report.stats.dropped.shut_down, report.stats.pending),
        (1, 0)
    );
    assert_eq!(waiter.await.unwrap().unwrap_err().kind(), ErrorKind::Closed);
}

#[test]
fn no_runtime_is_needed_and_the_guard_delivers_what_waits() {
    let redis = TestRedis::start();
    let installed = Publisher::connect(redis.url()).unwrap().install();
    for n in 0..100 {
        installed
            .publisher()
            .job(format!("job_{n}"), "t")
            .unwrap()
            .completed(&());
    }
    drop(installed);
    assert_eq!(redis.entries("job_events:job_99").len(), 2);
}

#[tokio::test]
async fn a_job_whose_last_handle_is_dropped_is_cancelled() {
    let redis = TestRedis::start();
    let publisher = Publisher::connect(redis.url()).unwrap();
    let job = publisher.job("job_001", "t").unwrap();
    let other = job.clone();
    drop(job);
    other.progress("still at work");
    drop(other);
    assert!(publisher.flush(SOON).await.complete);
    let end = data(&redis.entries("job_events:job_001")[2]);
    assert_eq!(
        (&end["event_type"], &end["error_kind"]),
        (&json!("task_failed"), &json!("cancelled"))
    );
}
