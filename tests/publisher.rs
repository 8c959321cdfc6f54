//! The publisher's awaiting methods, and which run an event belongs to.
#![allow(clippy::unwrap_used)]

use std::time::Duration;

use serde_json::json;
use stream_events::{ErrorKind, EventId, Publisher};
use support::{RawEntry, TestRedis};

const SOON: Duration = Duration::from_secs(30);

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
    let run = entries[0].data()["run"].clone();
    for (seq, entry) in entries.iter().enumerate() {
        let data = entry.data();
        assert_eq!(
            (&data["seq"], &data["run"], &data["task_type"]),
            (&json!(seq), &run, &json!(task))
        );
    }
    let [started, progress, generated, _, own, _, completed] = <[_; 7]>::try_from(entries).unwrap();
    assert_eq!(started.data()["task_prompt"], json!("写大纲"));
    let progress = progress.data();
    assert_eq!(
        (&progress["progress"], &progress["step"], &progress["n"]),
        (&json!("analysing"), &json!("analysis"), &json!(1))
    );
    assert_eq!(generated.data()["outline"], outline);
    assert_eq!(own.data()["seq_"], json!(9));
    let completed = completed.data();
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
        .map(RawEntry::data)
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
    publisher
        .publish_task_progress("job_001", "another", "on its way", &())
        .await
        .unwrap();
    let joined = &redis.entries("job_events:job_001")[2].data();
    let expected = (&json!("t"), &json!("another"));
    assert_eq!((&joined["task_type"], &joined["task_type_"]), expected);
    job.completed(&());
    let late = publisher
        .publish_outline_generated("job_001", &json!({}))
        .await
        .unwrap();
    assert!(late > EventId::ZERO);
    let runs: Vec<_> = redis
        .entries("job_events:job_001")
        .iter()
        .map(|entry| entry.data()["run"].clone())
        .collect();
    assert!(runs[..4].iter().all(|run| run == job.run_id()));
    assert_ne!(runs[4], runs[0], "after its end it belongs to no run");
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
async fn a_job_whose_last_handle_is_dropped_is_cancelled() {
    let redis = TestRedis::start();
    let publisher = Publisher::connect(redis.url()).unwrap();
    let job = publisher.job("job_001", "t").unwrap();
    let other = job.clone();
    drop(job);
    other.progress("still at work");
    drop(other);
    assert!(publisher.flush(SOON).await.complete);
    let end = redis.entries("job_events:job_001")[2].data();
    assert_eq!(
        (&end["event_type"], &end["error_kind"]),
        (&json!("task_failed"), &json!("cancelled"))
    );
}

#[tokio::test]
async fn who_waits_for_what_a_shutdown_left_on_its_way_is_told_that_it_may_have_arrived() {
    let redis = TestRedis::start();
    let publisher = Publisher::connect(redis.url()).unwrap();
    let row = json!({"event_type": "row"});
    publisher.publish_event("job_001", &row).await.unwrap();
    redis.freeze();
    let sent = publisher.publish_event("job_001", &row);
    let (told, report) = tokio::join!(sent, publisher.shutdown(Duration::from_secs(1)));
    let told = told.unwrap_err();
    assert_eq!((told.kind(), report.complete), (ErrorKind::Timeout, false));
    assert!(told.may_still_arrive());
    assert_eq!(
        told.to_string(),
        format!(
            "the publisher was shut down before {} acknowledged row; it was sent and may have arrived",
            publisher.store()
        )
    );
    let late = publisher.publish_event("job_001", &row).await.unwrap_err();
    assert_eq!(late.kind(), ErrorKind::Closed);
    assert!(!late.may_still_arrive());
}
