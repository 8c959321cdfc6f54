//! Streams that are not whole, and what others than the run write to them.

use std::time::Duration;

use serde_json::json;

use super::super::{JobState, Status};
use super::{fold, own, started};
use crate::Item;

#[test]
fn of_a_stream_whose_start_is_trimmed_the_rest_is_told() {
    let state = fold(&[own("row", "a", 7, json!({"attempt": 2}))]);
    assert_eq!(
        (state.status, state.run.as_deref(), state.runs),
        (Status::Running, Some("a"), 1)
    );
    assert_eq!(
        (state.started, state.attempt, state.task_type.as_deref()),
        (None, Some(2), Some("t"))
    );
    let end = own(
        "task_completed",
        "a",
        9,
        json!({"result": null, "duration_ms": 30}),
    );
    let state = fold(std::slice::from_ref(&end));
    assert_eq!(
        (state.status, state.duration),
        (Status::Completed, Some(Duration::from_millis(30)))
    );
    assert_eq!((state.started, state.result), (None, None));
    let mut state = JobState::new("j");
    let (run, why) = ("a".to_owned(), crate::Missing::Trimmed);
    let (first, count) = (0, 9);
    state.apply(&Item::Gap(crate::Gap {
        run,
        first,
        count,
        why,
    }));
    assert_eq!(
        (state.status, state.missing, state.events),
        (Status::Unknown, 9, 0)
    );
    // An event that nobody knows the run of comes first.
    let stray = own(
        "task_progress",
        "x",
        0,
        json!({"progress": "from elsewhere"}),
    );
    let state = fold(&[stray, own("row", "a", 7, json!({})), end]);
    assert_eq!(
        (state.status, state.run.as_deref(), state.runs),
        (Status::Completed, Some("a"), 1)
    );
}

#[test]
fn what_is_said_to_a_job_from_elsewhere_is_no_run() {
    let mut events = vec![started("a")];
    let said = json!({"progress": "from elsewhere", "percent": 40});
    events.push(own("task_progress", "x", 0, said));
    let state = fold(&events);
    assert_eq!(
        (state.run.as_deref(), state.percent, state.runs),
        (Some("a"), Some(40.0), 1)
    );
    events.push(own("task_completed", "y", 0, json!({"result": 1})));
    events.push(own("reviewed", "z", 0, json!({"by": "ann"})));
    let state = fold(&events);
    assert_eq!(
        (state.status, state.run.as_deref(), state.events),
        (Status::Completed, Some("a"), 4)
    );
}

#[test]
fn the_python_publishers_jobs_have_a_state_as_well() {
    let mut events = vec![
        json!({"event_type": "task_started", "task_type": "outline_generation"}),
        json!({"event_type": "task_progress", "task_type": "outline_generation", "progress": "分析", "step": "analysis"}),
        json!({"event_type": "outline_generated", "outline": {"title": "x", "nodes": []}}),
        json!({"event_type": "task_failed", "task_type": "outline_generation", "error": "timed out"}),
    ];
    let state = fold(&events);
    assert_eq!(
        (state.status, state.runs, state.run.as_deref()),
        (Status::Failed, 1, None)
    );
    assert_eq!(
        (state.error.as_deref(), state.error_kind),
        (Some("timed out"), None)
    );
    assert_eq!(
        (state.message.as_deref(), state.step.as_deref()),
        (Some("分析"), Some("analysis"))
    );
    events.push(json!({"event_type": "task_started", "task_type": "outline_generation"}));
    events.push(json!({"event_type": "task_completed", "result": {"ok": true}, "duration": "30s"}));
    let state = fold(&events);
    assert_eq!(
        (state.status, state.runs, state.error),
        (Status::Completed, 2, None)
    );
    assert_eq!(state.duration, Some(Duration::from_secs(1)));
}
