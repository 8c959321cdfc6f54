//! What publishers with redis-py have written, and still write: we read it.
#![allow(clippy::unwrap_used)]

mod followed;
mod redis_py;

use std::time::{Duration, UNIX_EPOCH};

use followed::{followed, history};
use redis_py::printed;
use serde_json::{Value, json};
use stream_events::{Event, EventType, Reader};
use support::TestRedis;

#[tokio::test]
async fn we_read_a_python_publishers_job() {
    let redis = TestRedis::start();
    let reader = Reader::connect(redis.url()).unwrap();
    // The watch is there before the job is.
    let watching = tokio::spawn({
        let reader = reader.clone();
        async move { followed(reader.watch("job_001").unwrap()).await }
    });
    let said = tokio::task::spawn_blocking({
        let url = redis.url();
        move || printed("job.py", &[&url, "job_001"])
    });
    let said = said.await.unwrap();
    let events = history(&reader, "job_001").await;
    let watched = watching.await.unwrap();
    assert_eq!(format!("{watched:?}"), format!("{events:?}"));

    let types: Vec<_> = events
        .iter()
        .map(|event| event.event_type().as_str())
        .collect();
    assert_eq!(
        types,
        [
            "task_started",
            "task_progress",
            "outline_generated",
            "document_generated",
            "no_time",
            "unknown",
            "numbers",
            "offset",
            "epoch",
            "half",
            "unknown",
            "task_failed",
            "task_completed",
        ]
    );
    assert_eq!(events[0].event_type(), &EventType::TaskStarted);
    assert!(
        events
            .iter()
            .all(|event| event.run().is_none() && event.seq().is_none())
    );
    let ends: Vec<_> = events.iter().map(Event::is_terminal).collect();
    assert_eq!(
        ends.iter().position(|is_end| *is_end),
        Some(12),
        "it is tried again after it failed"
    );

    let text = |n: usize, key: &str| events[n].field::<String>(key).unwrap().unwrap();
    assert_eq!(text(0, "task_prompt"), "写一份大纲");
    assert_eq!(
        (text(1, "progress"), text(1, "step")),
        ("正在分析需求".to_owned(), "analysis".to_owned())
    );
    assert_eq!(
        events[2].field::<Value>("outline").unwrap(),
        Some(json!({"title": "量子计算", "nodes": [{"title": "引言 😀"}]}))
    );
    assert_eq!(
        (text(11, "error"), text(12, "duration")),
        ("第一次失败".to_owned(), "30s".to_owned())
    );
    assert_eq!(said["length"], 13);
    assert_eq!(reader.stream_length("job_001").await.unwrap(), 13);
    assert_eq!(said["last"], events[12].id().to_string());
}

#[tokio::test]
async fn what_only_python_writes_comes_through_as_it_is() {
    let redis = TestRedis::start();
    let url = redis.url();
    tokio::task::spawn_blocking(move || printed("job.py", &[&url, "job_001"]))
        .await
        .unwrap();
    let events = history(&Reader::connect(redis.url()).unwrap(), "job_001").await;

    let at = |seconds: f64| UNIX_EPOCH + Duration::from_secs_f64(seconds);
    let of_id = |event: &Event| UNIX_EPOCH + Duration::from_millis(event.id().ms());
    assert_eq!(events[4].timestamp(), of_id(&events[4]), "none");
    assert_eq!(events[5].timestamp(), at(1_764_015_825.0), "naive");
    assert_eq!(events[7].timestamp(), at(1_764_015_825.5), "with an offset");
    assert_eq!(events[8].timestamp(), at(1_764_015_825.25), "a number");
    // A naive time of a host eight hours ahead of UTC, which nothing in it says.
    let ahead = events[0]
        .timestamp()
        .duration_since(of_id(&events[0]))
        .unwrap();
    assert_eq!((ahead + Duration::from_secs(60)).as_secs() / 3600, 8);

    let data = |n: usize| events[n].data().into_owned();
    assert!(
        data(3).contains(r#""word_count": 10000000000000000000000000"#),
        "{}",
        data(3)
    );
    assert!(data(3).contains(r"\u001b[31m"));
    assert_eq!(
        data(6),
        r#"{"event_type": "numbers", "loss": NaN, "most": Infinity}"#
    );
    assert_eq!(data(9), r#"{"event_type": "half", "text": "\ud83d"}"#);
    events[9].field::<String>("text").unwrap_err();
    assert_eq!(
        (events[10].raw("data"), events[10].raw("extra")),
        (Some(&b"\xff{"[..]), Some(&b"1"[..]))
    );
    assert_eq!(events[10].raw("timestamp"), None);
}
