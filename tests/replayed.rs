//! A job's events again: to who watches, and as another job's.
#![allow(clippy::unwrap_used)]

mod followed;

use std::time::Duration;

use followed::{followed, history};
use stream_events::{Event, Fields, JobState, Progress, Publisher, Reader, Replay, Status};
use support::TestRedis;

const SOON: Duration = Duration::from_secs(30);

fn types(events: &[Event]) -> Vec<String> {
    let types = events.iter().map(|event| event.event_type().to_string());
    types.collect()
}

fn at_once(reader: &Reader, job: &str) -> Replay {
    reader.replay(job).unwrap().speed(f64::INFINITY)
}

/// Two runs, of which the first fails.
async fn tried_twice(publisher: &Publisher) {
    let begin = |attempt| {
        let job = publisher.job_builder("job_001", "import").unwrap();
        let fields = Fields::new().field("file", "a.csv");
        job.attempt(attempt)
            .max_attempts(2)
            .fields(fields)
            .start()
            .unwrap()
    };
    begin(1).failed("out of paper");
    let job = begin(2);
    job.progress(
        Progress::new("reading")
            .step("read")
            .current(9_007_199_254_740_993)
            .total(u64::MAX),
    );
    job.emit(
        "row_read",
        Fields::new().field("row", &serde_json::json!({"seq": 7, "text": "a\nb"})),
    );
    job.completed(&serde_json::json!({"rows": 1}));
    assert!(publisher.flush(SOON).await.complete);
}

/// What a state says of the job's own doing.
fn doing(state: &JobState) -> serde_json::Value {
    let mut state = serde_json::to_value(state).unwrap();
    for own in ["job_id", "run", "started", "updated", "ended", "last_id"] {
        state.as_object_mut().unwrap().remove(own);
    }
    state
}

async fn a_replay_to_another_job_is_that_job_again(url: &str) {
    let publisher = Publisher::connect(url).unwrap();
    tried_twice(&publisher).await;
    let reader = publisher.reader();
    let copied = at_once(&reader, "job_001")
        .to(&publisher, "job_002")
        .await
        .unwrap();
    assert_eq!((copied.events, copied.missing), (6, 0));

    let (from, to) = (
        history(&reader, "job_001").await,
        history(&reader, "job_002").await,
    );
    assert_eq!(types(&to), types(&from));
    let state = async |job| reader.state(job).await.unwrap().unwrap();
    let (was, is) = (state("job_001").await, state("job_002").await);
    assert_eq!(doing(&is), doing(&was));
    assert_eq!(
        (is.status, is.runs, is.attempt),
        (Status::Completed, 2, Some(2))
    );

    for (event, copy) in from.iter().zip(&to) {
        let of = |event: &Event, key: &str| event.field::<serde_json::Value>(key).unwrap();
        for key in [
            "file",
            "row",
            "progress",
            "error",
            "error_kind",
            "will_retry",
            "duration_ms",
            "result",
            "seq",
            "attempt",
        ] {
            assert_eq!(of(copy, key), of(event, key), "{key} of {copy}");
        }
        assert_ne!(copy.run(), event.run());
        assert_eq!(of(copy, "job_id").unwrap(), "job_002");
        let is_marked = copy.event_type().as_str() == "task_started";
        assert_eq!(of(copy, "replay_of").is_some(), is_marked, "{copy}");
    }
    assert_eq!(
        to[0].field::<String>("replay_of").unwrap().unwrap(),
        "job_001"
    );

    // Of a replay, too, which is then the one that it is a replay of.
    at_once(&reader, "job_002")
        .to(&publisher, "job_003")
        .await
        .unwrap();
    let again = history(&reader, "job_003").await;
    assert_eq!(
        again[0].field::<String>("replay_of").unwrap().unwrap(),
        "job_002"
    );
    assert_eq!(types(&again), types(&from));
}

#[tokio::test]
async fn in_memory_a_replay_to_another_job_is_that_job_again() {
    a_replay_to_another_job_is_that_job_again("memory:replayed").await;
}

#[tokio::test]
async fn in_redis_a_replay_to_another_job_is_that_job_again() {
    let redis = TestRedis::start();
    a_replay_to_another_job_is_that_job_again(&redis.url()).await;
}

#[tokio::test]
async fn a_replay_yields_what_a_watch_does() {
    let redis = TestRedis::start();
    let publisher = Publisher::connect(redis.url()).unwrap();
    tried_twice(&publisher).await;
    let progress = &history(&publisher.reader(), "job_001").await[3];
    redis.run(&["XDEL", "job_events:job_001", &progress.id().to_string()]);
    let reader = publisher.reader();
    let mut seen = Vec::new();
    let mut watch = reader.watch("job_001").unwrap();
    while let Some(item) = watch.next().await {
        seen.push(item.unwrap().to_string());
    }
    let mut again = Vec::new();
    let mut replay = at_once(&reader, "job_001");
    while let Some(item) = replay.next().await {
        again.push(item.unwrap().to_string());
    }
    assert_eq!(again, seen);
    assert_eq!(again.len(), 6, "{again:?}");
    let copied = at_once(&reader, "job_001")
        .to(&publisher, "job_002")
        .await
        .unwrap();
    assert_eq!((copied.events, copied.missing), (5, 1));
}

#[tokio::test]
async fn a_run_that_had_not_ended_ends_as_cancelled() {
    let publisher = Publisher::connect("memory:not_ended").unwrap();
    let job = publisher.job("job_001", "import").unwrap();
    assert!(publisher.flush(SOON).await.complete);
    let reader = publisher.reader();
    at_once(&reader, "job_001")
        .to(&publisher, "job_002")
        .await
        .unwrap();
    let copied = history(&reader, "job_002").await;
    assert_eq!(types(&copied), ["task_started", "task_failed"]);
    let field = |key| copied[1].field::<String>(key).unwrap().unwrap();
    assert_eq!(field("error_kind"), "cancelled");
    assert_eq!(
        field("error"),
        "the run had not ended in the job that this is a replay of"
    );
    job.completed(&());
}

#[tokio::test]
async fn entries_of_others_are_replayed_too() {
    let redis = TestRedis::start();
    for (event_type, data) in [
        (
            "task_started",
            r#"{"job_id":"job_001","task_type":"import","prompt":"x"}"#,
        ),
        ("note", "not json"),
        ("note", r#"{"text":"\ud800","replay_of":"y"}"#),
        (
            "task_failed",
            r#"{"error":{"code":7},"error_kind":"strange"}"#,
        ),
        ("late", "{}"),
    ] {
        let entry = ["data", data, "event_type", event_type];
        redis.run(&[&["XADD", "job_events:job_001", "*"], &entry[..]].concat());
    }
    let publisher = Publisher::connect(redis.url()).unwrap();
    let reader = publisher.reader();
    let copied = at_once(&reader, "job_001")
        .to(&publisher, "job_002")
        .await
        .unwrap();
    assert_eq!(copied.events, 5);
    let to = history(&reader, "job_002").await;
    let expected = ["task_started", "note", "note", "task_failed", "late"];
    assert_eq!(types(&to), expected);
    assert_eq!(to[1].field::<String>("data").unwrap().unwrap(), "not json");
    assert_eq!(to[2].field::<String>("replay_of").unwrap(), None);
}

#[tokio::test]
async fn a_replay_of_nothing_ends_at_once() {
    let publisher = Publisher::connect("memory:nothing").unwrap();
    let reader = publisher.reader();
    assert!(reader.replay("job_001").unwrap().next().await.is_none());
    let copied = reader
        .replay("job_001")
        .unwrap()
        .to(&publisher, "job_002")
        .await
        .unwrap();
    assert_eq!((copied.events, copied.missing), (0, 0));
    assert_eq!(reader.stream_length("job_002").await.unwrap(), 0);
}

#[tokio::test]
async fn who_watches_the_other_job_sees_it_as_it_comes() {
    let redis = TestRedis::start();
    let publisher = Publisher::connect(redis.url()).unwrap();
    tried_twice(&publisher).await;
    let reader = publisher.reader();
    let watch = reader.watch("job_002").unwrap();
    let replay = at_once(&reader, "job_001").to(&publisher, "job_002");
    let (copied, seen) = tokio::join!(replay, followed(watch));
    assert_eq!((copied.unwrap().events, seen.len()), (6, 6));
}
