//! What `assert_events!` takes, and how it shows a difference.
#![allow(clippy::unwrap_used)]

use std::panic::{AssertUnwindSafe, catch_unwind};

use stream_events::{Event, Fields, assert_events, testing};

fn difference(events: &[Event], check: impl FnOnce(&[Event])) -> String {
    let failed = catch_unwind(AssertUnwindSafe(|| check(events))).unwrap_err();
    failed.downcast_ref::<String>().unwrap().clone()
}

fn some_events() -> Vec<Event> {
    let recorded = testing::start();
    let job = recorded.publisher().job("job_1", "t").unwrap();
    for n in 0..3 {
        job.emit(
            "row",
            Fields::new().field("n", &n).field("two words", &"a\"b"),
        );
    }
    job.emit("giant", Fields::new().field("text", &"x".repeat(1000)));
    job.failed("no such file");
    recorded.events_blocking("job_1")
}

#[test]
fn a_difference_shows_both_sides_as_a_test_would_write_them() {
    let events = some_events();
    let shown = difference(&events, |events| {
        assert_events!(events, [
            "task_started",
            "row" { n: 0 },
            "row" { n: 7 },
            "column" { n: 1 },
            "row",
            "giant",
            "task_completed" { result: [1, 2] },
        ]);
    });
    let giant = format!("\"{}… (1002 bytes)", "x".repeat(399));
    let expected = format!(
        r#"the events are not those expected (- expected, + found)
  "task_started",
  "row" {{ n: 0, "two words": "a\"b" }},
- "row" {{ n: 7 }},
+ "row" {{ n: 1, "two words": "a\"b" }},
- "column" {{ n: 1 }},
  "row" {{ n: 2, "two words": "a\"b" }},
  "giant" {{ text: {giant} }},
- "task_completed" {{ result: [1,2] }},
+ "task_failed" {{ error: "no such file", error_kind: "error", will_retry: false }},"#
    );
    assert_eq!(shown, expected, "\n{shown}\n");
}

#[test]
fn a_difference_shows_what_any_number_stands_for_and_what_was_asked_for() {
    let events = some_events();
    let shown = difference(&events, |events| {
        assert_events!(events, ["task_started" { seq: 0 }, .., "giant", .., "task_completed", ..]);
    });
    let lines: Vec<_> = shown.lines().collect();
    assert_eq!(lines[1], r#"  "task_started" { seq: 0 },"#);
    assert_eq!(lines[2], "  .., // 3");
    assert!(
        lines[3].starts_with(r#"  "giant" { seq: 4, text: "xxx"#),
        "{shown}"
    );
    assert_eq!(
        lines[4..],
        ["  ..,", "- \"task_completed\",", "  .., // 1"],
        "{shown}"
    );
}

#[test]
fn lists_are_met_or_not() {
    let events = some_events();
    assert_events!(&events, [..]);
    assert_events!(events, [.., ..,]);
    assert_events!(&events, ["task_started", .., "row" { n: 2 }, .., "task_failed"]);
    assert_events!(events[..1], ["task_started"]);
    let fails = |check: fn(&[Event])| difference(&events, check).len();
    assert!(fails(|events| assert_events!(events, [])) > 0);
    assert!(fails(|events| assert_events!(events, [.., "row"])) > 0);
    assert!(fails(|events| assert_events!(events, ["row", ..])) > 0);
    assert!(fails(|events| assert_events!(events, [.., "row" { n: 3 }, ..])) > 0);
    assert!(fails(|events| assert_events!(events, [.., "row" { m: 0 }, ..])) > 0);
    assert!(fails(|events| assert_events!(events[..0], [.., "row"])) > 0);
}
