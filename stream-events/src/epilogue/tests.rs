//! Against a memory in which others write in between.

mod raced;

use std::sync::Arc;

use super::*;
use crate::event::Entry;
use crate::past::PAGE;
use raced::{Raced, raced};

fn data(event_type: &str, run: &str, seq: Option<u64>) -> Vec<u8> {
    let seq = seq.map_or(String::new(), |seq| format!(r#","seq":{seq}"#));
    format!(r#"{{"event_type":"{event_type}","run":"{run}"{seq}}}"#).into_bytes()
}

fn written(id: EventId, event_type: &str, run: &str, seq: Option<u64>) -> Append {
    let values = Values::new(data(event_type, run, seq), b"", event_type);
    Append {
        key: "k".into(),
        entries: vec![NewEntry {
            id: Some(id),
            values,
        }],
        max_len: 10_000,
        expire: None,
    }
}

fn end() -> Missing {
    Missing {
        at: Timestamp::from_micros(7_000),
        event_type: EventType::TaskFailed,
        data: data("task_failed", "r", None),
    }
}

/// Ends a run that has begun and not ended.
fn end_of(found: &Found) -> Option<Missing> {
    let latest = found.latest.as_ref()?;
    (!latest.is_terminal()).then(end)
}

fn epilogue() -> Epilogue {
    Epilogue {
        key: "k".into(),
        run: "r".to_owned(),
        expire: None,
        ledger: None,
    }
}

async fn all(raced: &Raced) -> Vec<String> {
    let tail = raced.tail("k", EventId::ZERO, EventId::MAX, 1000);
    let entries = tail.await.unwrap().into_iter().rev();
    let text = |entry: Entry| {
        let id = entry.id;
        format!("{id} {}", Event::from(entry).event_type())
    };
    entries.map(text).collect()
}

fn id(n: u64) -> EventId {
    EventId::new(5, n)
}

#[tokio::test]
async fn the_end_stands_right_behind_the_last_event_and_is_written_once() {
    let raced = raced("once", vec![]).await;
    let start = written(id(3), "task_started", "r", Some(0));
    raced.inner.append(vec![Arc::new(start)]).await.unwrap();
    let first = epilogue().write(&raced, end_of).await.unwrap().ids;
    let second = epilogue().write(&raced, end_of).await.unwrap().ids;
    assert_eq!((first, second), (vec![id(4)], vec![]));
    assert_eq!(all(&raced).await, ["5-3 task_started", "5-4 task_failed"]);
}

#[tokio::test]
async fn a_run_is_found_far_behind_those_that_came_after_it() {
    let raced = raced("far", vec![]).await;
    let (mut appends, runs) = (Vec::new(), ["r", "other"]);
    for (n, run) in (0..PAGE as u64 * 3 + 1).map(|n| (n, runs[usize::from(n > 1)])) {
        appends.push(Arc::new(written(id(n), "task_progress", run, Some(n))));
    }
    raced.inner.append(appends).await.unwrap();
    let mut seen = Seen::default();
    seen.look(&raced, &epilogue()).await.unwrap();
    let latest = seen.found.latest.map(|event| event.id());
    assert_eq!((latest, seen.found.last_seq), (Some(id(1)), Some(1)));
}

#[tokio::test]
async fn who_writes_in_between_is_seen_first() {
    let others = vec![
        written(id(9), "task_completed", "r", Some(1)),
        written(id(4), "task_progress", "other", Some(0)),
    ];
    let raced = raced("between", others).await;
    let start = written(id(3), "task_started", "r", Some(0));
    raced.inner.append(vec![Arc::new(start)]).await.unwrap();
    assert_eq!(epilogue().write(&raced, end_of).await.unwrap().ids, []);
    let expected = [
        "5-3 task_started",
        "5-4 task_progress",
        "5-9 task_completed",
    ];
    assert_eq!(all(&raced).await, expected);
}

/// It has been declared there, behind less than the first server had.
#[tokio::test]
async fn what_another_server_has_of_a_stream_that_is_its_by_now_is_looked_at_from_its_start() {
    let start = || written(id(3), "task_started", "r", Some(0));
    let of_other = |n| written(id(n), "task_progress", "other", Some(n));
    let old = raced("old", vec![]).await;
    let appends = [start(), of_other(8)].map(Arc::new);
    old.inner.append(appends.into()).await.unwrap();
    let new = raced("new", vec![]).await;
    let declared = written(id(4), "task_failed", "r", None);
    let appends = [start(), declared, of_other(9)].map(Arc::new);
    new.inner.append(appends.into()).await.unwrap();
    let moved = old.moves_to(new);
    assert_eq!(epilogue().write(&moved, end_of).await.unwrap().ids, []);
    let there = ["5-3 task_started", "5-4 task_failed", "5-9 task_progress"];
    assert_eq!(all(&moved).await, there);
}

#[tokio::test]
async fn what_others_declared_does_not_hide_the_runs_own_seq() {
    let raced = raced("declared", vec![]).await;
    let appends = [
        written(id(1), "task_progress", "r", Some(6)),
        written(id(2), "task_failed", "r", None),
    ];
    raced
        .inner
        .append(appends.map(Arc::new).into())
        .await
        .unwrap();
    let mut seen = Seen::default();
    seen.look(&raced, &epilogue()).await.unwrap();
    let latest = seen.found.latest.map(|event| event.id());
    assert_eq!((latest, seen.found.last_seq), (Some(id(2)), Some(6)));
}

#[tokio::test]
async fn a_stream_that_is_gone_is_written_only_where_that_is_asked_for() {
    let raced = raced("gone", vec![]).await;
    assert_eq!(epilogue().write(&raced, end_of).await.unwrap().ids, []);
    assert_eq!(all(&raced).await, [""; 0]);
    let whole = |found: &Found| (found.last_seq.is_none() && !found.has_stream).then(end);
    let before = Timestamp::now().ms();
    let ids = epilogue().write(&raced, whole).await.unwrap().ids;
    // Above what its process may have sent, and nobody has seen.
    assert!(ids.len() == 1 && ids[0].ms() >= before, "{ids:?}");
}

#[tokio::test]
async fn a_stream_that_goes_after_the_look_does_not_come_back_with_an_end() {
    let gone = Append {
        key: "k".into(),
        entries: Vec::new(),
        max_len: 10_000,
        expire: Some(Duration::ZERO),
    };
    let raced = raced("goes", vec![gone]).await;
    let start = written(id(3), "task_started", "r", Some(0));
    raced.inner.append(vec![Arc::new(start)]).await.unwrap();
    assert_eq!(epilogue().write(&raced, end_of).await.unwrap().ids, []);
    assert_eq!(raced.inner.info("k").await.unwrap(), None);
}

#[tokio::test]
async fn a_stream_that_others_write_to_all_the_time_is_given_up() {
    let other = |n| written(id(100 - n), "task_progress", "other", Some(n));
    let raced = raced("busy", (0..50).map(other).collect()).await;
    let start = written(id(3), "task_started", "r", Some(0));
    raced.inner.append(vec![Arc::new(start)]).await.unwrap();
    let fault = epilogue().write(&raced, end_of).await.unwrap_err();
    assert_eq!(fault.class, Class::Later);
    assert_eq!(fault.why, "others write to k all the time");
}
