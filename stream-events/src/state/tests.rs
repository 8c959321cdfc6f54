//! What events come to, in whatever order and of whatever kind.

mod any;
mod others;
mod standing;

use std::time::{Duration, UNIX_EPOCH};

use serde_json::{Value, json};

use super::*;
use crate::Event;
use crate::event::Entry;

/// The nth event of a stream, a second after the one before it.
fn event(n: u64, data: &Value) -> Item {
    let kind = data["event_type"].as_str().unwrap_or_default();
    let time = format!(
        "2026-11-23T20:{:02}:{:02}.000000+00:00",
        n / 60 % 60,
        n % 60
    );
    let data = data.to_string();
    let fields = [("data", &*data), ("timestamp", &time), ("event_type", kind)];
    Item::Event(Event::from(Entry::new(EventId::new(n + 1, 0), fields)))
}

fn fold(events: &[Value]) -> JobState {
    let mut state = JobState::new("j");
    let items = events
        .iter()
        .enumerate()
        .map(|(n, data)| event(n as u64, data));
    items.for_each(|item| state.apply(&item));
    state
}

/// What a run writes, with members of its own.
fn own(kind: &str, run: &str, seq: u64, more: Value) -> Value {
    let mut data = json!({"event_type": kind, "task_type": "t", "run": run, "seq": seq});
    let (all, Value::Object(more)) = (data.as_object_mut().unwrap(), more) else {
        panic!("an object")
    };
    all.extend(more);
    data
}

fn started(run: &str) -> Value {
    own("task_started", run, 0, json!({}))
}

fn lost(run: &str, will_retry: bool) -> Value {
    let kind = "task_failed";
    json!({"event_type": kind, "run": run, "error": "gone", "error_kind": "lost", "will_retry": will_retry})
}

fn at(second: u64) -> Option<SystemTime> {
    Some(UNIX_EPOCH + Duration::from_secs(1_795_464_000 + second))
}

#[test]
fn a_job_is_followed_from_its_start_to_its_end() {
    let attempt = json!({"attempt": 2, "max_attempts": 3, "parent_job_id": "p", "worker": "w"});
    let mut events = vec![own("task_started", "r", 0, attempt)];
    let state = fold(&events);
    assert_eq!(
        (state.status, state.started, state.updated),
        (Status::Running, at(0), at(0))
    );
    assert_eq!(
        (state.attempt, state.max_attempts, state.runs),
        (Some(2), Some(3), 1)
    );
    assert_eq!(
        (state.parent_job_id.as_deref(), state.worker.as_deref()),
        (Some("p"), Some("w"))
    );
    let said = json!({"progress": "reading", "step": "parse", "current": 3, "total": 12, "rate": 1.5, "eta_ms": 6000});
    events.push(own("task_progress", "r", 1, said));
    let state = fold(&events);
    assert_eq!(
        (state.message.as_deref(), state.step.as_deref()),
        (Some("reading"), Some("parse"))
    );
    assert_eq!(
        (state.current, state.total, state.percent),
        (Some(3.into()), Some(12.into()), Some(25.0))
    );
    assert_eq!(
        (state.rate, state.eta),
        (Some(1.5), Some(Duration::from_secs(6)))
    );
    events.push(own("outline_generated", "r", 2, json!({"outline": {}})));
    events.push(own(
        "task_completed",
        "r",
        3,
        json!({"result": {"a": [1, 2]}, "duration_ms": 2500}),
    ));
    let state = fold(&events);
    assert_eq!(
        (state.status, state.ended, state.eta),
        (Status::Completed, at(3), None)
    );
    assert_eq!(state.duration, Some(Duration::from_millis(2500)));
    assert_eq!(state.result.as_ref().unwrap().as_str(), r#"{"a":[1,2]}"#);
    assert_eq!(
        (state.events, state.last_id, state.percent),
        (4, EventId::new(4, 0), Some(25.0))
    );
}

#[test]
fn a_retry_is_a_run_of_its_own_and_begins_anew() {
    let failed = json!({"error": "no", "error_kind": "timeout", "will_retry": true});
    let said = json!({"progress": "half", "percent": 50, "phase": 1});
    let mut events = vec![
        started("a"),
        own("task_progress", "a", 1, said),
        own("task_failed", "a", 2, failed),
    ];
    let state = fold(&events);
    assert_eq!(
        (state.status, state.will_retry, state.runs),
        (Status::Retrying, true, 1)
    );
    assert_eq!(
        (state.error.as_deref(), state.error_kind.as_deref()),
        (Some("no"), Some("timeout"))
    );
    assert_eq!(
        state.duration,
        Some(Duration::from_secs(2)),
        "by the times of its start and end"
    );
    events.push(started("b"));
    let state = fold(&events);
    assert_eq!(
        (state.status, state.runs, state.run.as_deref()),
        (Status::Running, 2, Some("b"))
    );
    assert_eq!(
        (state.error, state.message, state.percent, state.ended),
        (None, None, None, None)
    );
    assert!(state.phases.is_empty() && !state.will_retry);
    events.push(own(
        "task_failed",
        "b",
        1,
        json!({"error": "again", "will_retry": false}),
    ));
    assert_eq!(fold(&events).status, Status::Failed);
}

#[test]
fn a_lost_run_has_failed_until_it_takes_that_back() {
    let mut events = vec![started("a"), lost("a", false)];
    let state = fold(&events);
    assert_eq!(
        (state.status, state.error_kind.as_deref()),
        (Status::Failed, Some("lost"))
    );
    events.push(own("task_resumed", "a", 1, json!({})));
    let state = fold(&events);
    assert_eq!(
        (state.status, state.runs, state.started),
        (Status::Running, 1, at(0))
    );
    assert_eq!(
        (state.error, state.ended, state.duration),
        (None, None, None)
    );
}

#[test]
fn of_two_runs_the_one_that_began_last_counts_until_the_other_ends_the_job() {
    let say = |run, seq, text: &str| own("task_progress", run, seq, json!({"progress": text}));
    let mut events = vec![
        started("a"),
        started("b"),
        lost("a", true),
        say("a", 1, "old"),
    ];
    events.push(say("b", 1, "new"));
    events.push(own(
        "task_failed",
        "a",
        2,
        json!({"error": "late", "will_retry": true}),
    ));
    let state = fold(&events);
    assert_eq!(
        (state.status, state.run.as_deref()),
        (Status::Running, Some("b"))
    );
    assert_eq!(
        (state.message.as_deref(), state.events, state.error),
        (Some("new"), 6, None)
    );
    events.push(own("task_completed", "a", 3, json!({"result": 7})));
    let state = fold(&events);
    assert_eq!(
        (state.status, state.run.as_deref()),
        (Status::Completed, Some("a"))
    );
    events.push(say("b", 2, "still"));
    let state = fold(&events);
    assert_eq!(
        (state.status, state.run.as_deref(), state.runs),
        (Status::Running, Some("b"), 2)
    );
    assert_eq!(
        (state.result, state.message.as_deref()),
        (None, Some("still"))
    );
}

#[test]
fn what_comes_twice_or_late_changes_nothing() {
    let mut state = fold(&[started("a"), own("task_completed", "a", 1, json!({}))]);
    let before = state.clone();
    state.apply(&event(0, &started("a")));
    state.apply(&event(1, &own("task_failed", "a", 1, json!({}))));
    assert_eq!(state, before);
}
