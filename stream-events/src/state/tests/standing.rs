//! What a job, and each of its phases, says of where it stands.

use serde_json::{Value, json};

use super::super::Phase;
use super::super::bounds::{self, MOST_PHASES, MOST_TEXT};
use super::{at, fold, own, started};

#[test]
fn numbers_are_the_jobs_own_before_those_of_its_phases() {
    let say = |seq, said| own("task_progress", "a", seq, said);
    let mut events = vec![
        started("a"),
        say(
            1,
            json!({"progress": "book", "current": 1, "total": 4, "phase": 1}),
        ),
        say(
            2,
            json!({"progress": "page", "current": 9, "total": 10, "phase": 2, "parent_phase": 1}),
        ),
    ];
    let state = fold(&events);
    assert_eq!(
        (state.percent, state.message.as_deref()),
        (Some(25.0), Some("page"))
    );
    events.push(say(3, json!({"progress": "on", "percent": 60})));
    events.push(say(
        4,
        json!({"progress": "book", "current": 2, "total": 4, "phase": 1}),
    ));
    let state = fold(&events);
    assert_eq!((state.percent, state.current), (Some(60.0), Some(1.into())));
    events.push(say(5, json!({"progress": "writing", "step": "write"})));
    let state = fold(&events);
    assert_eq!(
        (state.percent, state.current, state.total),
        (None, None, None)
    );
}

#[test]
fn phases_have_their_times_and_are_the_newest() {
    let say = |seq, said| own("task_progress", "a", seq, said);
    let state = fold(&[
        started("a"),
        say(1, json!({"progress": "book", "phase": 1, "total": 4})),
        say(
            2,
            json!({"progress": "page", "phase": 2, "parent_phase": 1}),
        ),
        say(
            3,
            json!({"progress": "book", "phase": 1, "total": 4, "current": 4, "elapsed_ms": 2000}),
        ),
        say(
            9,
            json!({"progress": "late", "phase": 3, "elapsed_ms": 4000}),
        ),
    ]);
    let times = |phase: &Phase| (phase.number, phase.parent, phase.started, phase.ended);
    assert_eq!(
        state.phases.iter().map(times).collect::<Vec<_>>(),
        [
            (1, None, at(1), at(3)),
            (2, Some(1), at(2), None),
            (3, None, at(0), at(4))
        ]
    );
    let many = |n| {
        say(
            n,
            json!({"progress": "row", "phase": n, "elapsed_ms": if n == 1 { Value::Null } else { json!(1) }}),
        )
    };
    let state = fold(&(1..200).map(many).collect::<Vec<_>>());
    assert_eq!(state.phases.len(), MOST_PHASES);
    assert_eq!(
        (state.phases[0].number, state.phases[1].number),
        (1, 200 - MOST_PHASES as u64 + 1)
    );
}

#[test]
fn nothing_that_is_kept_is_without_bound() {
    let (text, name) = ("é".repeat(MOST_TEXT), "é".repeat(crate::MAX_NAME));
    let said =
        json!({"progress": text, "step": name, "worker": name, "parent_job_id": name, "phase": 1});
    let failed = json!({"error": text, "error_kind": name, "task_type": name});
    let state = fold(&[
        own("task_progress", &name, 3, said),
        own("task_failed", &name, 4, failed),
    ]);
    for kept in [&state.message, &state.error, &state.phases[0].name] {
        assert_eq!(kept.as_ref().unwrap().len(), MOST_TEXT);
    }
    for kept in [
        &state.run,
        &state.step,
        &state.worker,
        &state.parent_job_id,
        &state.task_type,
        &state.error_kind,
    ] {
        assert_eq!(kept.as_ref().unwrap().len(), crate::MAX_NAME);
    }
    let large = json!({"result": "x".repeat(crate::MAX_PAYLOAD)});
    assert_eq!(fold(&[own("task_completed", "a", 1, large)]).result, None);
    let runs = (0..100)
        .map(|n| started(&format!("{n}")))
        .collect::<Vec<_>>();
    let state = fold(&runs);
    assert_eq!(
        (state.runs, state.earlier.len()),
        (100, bounds::MOST_EARLIER)
    );
}

#[test]
fn it_is_written_with_every_member_and_its_times_as_events_have_them() {
    let state = fold(&[
        started("a"),
        own(
            "task_progress",
            "a",
            1,
            json!({"progress": "p", "phase": 1, "current": 1, "total": 2, "eta_ms": 1500}),
        ),
        own(
            "task_completed",
            "a",
            2,
            json!({"result": [1.50], "duration_ms": 7}),
        ),
    ]);
    let time = |second| format!("2026-11-23T20:00:0{second}.000000+00:00");
    let phase = json!({
        "number": 1, "parent": null, "name": "p", "step": null, "started": time(1), "ended": null,
        "current": 1, "total": 2, "percent": null, "rate": null, "eta_ms": 1500,
    });
    let expected = json!({
        "job_id": "j", "status": "completed", "task_type": "t", "run": "a", "attempt": null,
        "max_attempts": null, "runs": 1, "parent_job_id": null, "worker": null, "message": "p",
        "step": null, "current": 1, "total": 2, "percent": 50.0, "rate": null, "eta_ms": null,
        "phases": [phase], "started": time(0), "updated": time(2), "ended": time(2),
        "duration_ms": 7, "result": [1.5], "error": null, "error_kind": null, "will_retry": false,
        "children": [], "events": 3, "missing": 0, "last_id": "3-0",
    });
    assert_eq!(serde_json::to_value(&state).unwrap(), expected);
}
