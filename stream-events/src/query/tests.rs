//! What each part of the language chooses.

mod fields;
mod jobs;
mod mistakes;
mod shown;
mod work;
mod wrong;

use super::Query;
use crate::event::Entry;
use crate::{Event, EventId};

const AT: &str = "2026-11-23T20:23:45.123456+00:00";

fn event(event_type: &str, data: &str) -> Event {
    let fields = [
        ("data", data),
        ("timestamp", AT),
        ("event_type", event_type),
    ];
    Entry::new(EventId::new(1, 0), fields).into()
}

fn query(text: &str) -> Query {
    text.parse().unwrap_or_else(|error| panic!("{error:#}"))
}

/// Each is for the event or not, also when it is read back.
fn check(event: &Event, queries: &[(&str, bool)]) {
    for (text, expected) in queries {
        let query = query(text);
        assert_eq!(query.matches(event), *expected, "{text} on {event}");
        let written = query.to_string();
        let again: Query = written.parse().unwrap();
        assert_eq!(again, query, "{text} is {written}");
        assert_eq!(again.to_string(), written);
        assert_eq!(again.matches(event), *expected, "{written} on {event}");
    }
}

fn failed() -> Event {
    event(
        "task_failed",
        r#"{"event_type":"task_failed","job_id":"job_001","task_type":"outline_generation","run":"r1","seq":7,
        "attempt":2,"worker":"w-1","error":"The model Timed Out after 30 s","error_kind":"timeout","will_retry":false,
        "duration_ms":95000}"#,
    )
}

fn progress() -> Event {
    event(
        "task_progress",
        r#"{"job_id":"job_001","progress":"Chapter 3 of \"Moby Dick\"","step":"draft","current":3,"total":12,
        "percent":25.5,"rate":0.1,"eta_ms":90000,"elapsed_ms":1500}"#,
    )
}

#[test]
fn names_are_looked_at_as_a_whole_and_texts_are_searched() {
    check(
        &failed(),
        &[
            ("type:task_failed", true),
            ("type:TASK_FAILED", true),
            ("type:failed", false),
            ("type:task_*", true),
            ("type:*_failed", true),
            ("type:*started", false),
            ("type=task_failed", true),
            ("type=TASK_FAILED", false),
            ("type=task_*", false),
            ("type:\"task_*\"", false),
            ("type:\"task\"*", true),
            ("type!=task_failed", false),
            ("type!=task_started", true),
            ("task:outline*", true),
            ("job:job_001 run:r1 worker:w-*", true),
            ("job:job_002", false),
            ("kind:timeout", true),
            ("kind:panic", false),
            ("error:\"timed out\"", true),
            ("error:timed", true),
            ("error:timed*30", true),
            ("error:30*timed", false),
            ("error=\"timed out\"", false),
            ("error=\"The model Timed Out after 30 s\"", true),
            ("error:*", true),
            ("step:*", false),
            ("parent:*", false),
            ("step:\"\"", false),
            ("progress:*", false),
        ],
    );
}

#[test]
fn numbers_and_lengths_of_time_are_compared() {
    check(
        &progress(),
        &[
            ("percent>25", true),
            ("percent>25.5", false),
            ("percent>=25.5", true),
            ("percent<25.50", false),
            ("percent<=2.55e1", true),
            ("percent:25.5", true),
            ("percent=25.5", true),
            ("percent!=25.5", false),
            ("percent:*", true),
            ("attempt:*", false),
            ("attempt>0", false),
            ("attempt!=1", true),
            ("current:3 total:3", false),
            ("current<12 total>=12 rate:0.10", true),
            ("eta:1m30s", true),
            ("eta>90s", false),
            ("eta>=90s", true),
            ("eta<2m", true),
            ("elapsed>1s elapsed<1501ms", true),
            ("duration<1h", false),
        ],
    );
    check(
        &failed(),
        &[
            ("duration>90s", true),
            ("duration>1m36s", false),
            ("seq:7 attempt:2", true),
        ],
    );
}

#[test]
fn what_says_how_a_job_stands_does_so_by_itself() {
    let retried = event("task_failed", r#"{"will_retry":true}"#);
    for (event, status) in [
        (event("task_started", ""), "running"),
        (event("task_progress", ""), "running"),
        (event("task_resumed", ""), "running"),
        (event("task_completed", ""), "completed"),
        (failed(), "failed"),
        (retried, "retrying"),
        (event("outline_generated", ""), "unknown"),
    ] {
        for other in ["running", "retrying", "completed", "failed", "unknown"] {
            let is_it = other == status;
            let texts = [
                format!("status:{other}"),
                format!("status={other}"),
                format!("status!={other}"),
            ];
            let [like, equal, not] = texts.each_ref().map(String::as_str);
            check(&event, &[(like, is_it), (equal, is_it), (not, !is_it)]);
        }
    }
    check(&failed(), &[("status:FAILED", true)]);
}

#[test]
fn words_are_looked_for_in_all_texts_and_case_does_not_count() {
    check(
        &failed(),
        &[
            ("timed", true),
            ("TIMED", true),
            ("\"timed out\"", true),
            ("timed out", true),
            ("out timed", true),
            ("model*out", true),
            ("failed", true),
            ("outline", false),
            ("-outline", true),
            ("job_001", false),
            ("", true),
            ("  \t\n ", true),
            ("\"\"", true),
        ],
    );
    check(
        &progress(),
        &[
            ("chapter", true),
            (r#""\"moby dick\"""#, true),
            (r#"progress:"\u{22}Moby""#, true),
            ("\"chapter 3\"", true),
            ("chapter\u{a0}3", true),
        ],
    );
    let log = event("log", r#"{"message":"Straße ΟΔΟΣ","level":"WARN"}"#);
    check(
        &log,
        &[
            ("STRASSE", false),
            ("STRAßE", true),
            ("οδος", true),
            ("message:straße*οδοσ", true),
            ("warn", false),
        ],
    );
    let foreign = event("", "all went WELL");
    check(
        &foreign,
        &[
            ("well", true),
            ("went*all", false),
            ("unknown", true),
            ("field.a:*", false),
            ("error:*", false),
        ],
    );
}

#[test]
fn terms_hang_together_as_they_read() {
    check(
        &failed(),
        &[
            ("type:task_failed kind:timeout", true),
            ("type:task_failed kind:panic", false),
            ("type:task_failed and kind:timeout", true),
            ("kind:panic or kind:timeout", true),
            ("kind:panic OR kind:lost", false),
            ("kind:lost or kind:panic type:task_failed", false),
            ("kind:timeout or kind:panic type:task_started", true),
            ("(kind:timeout or kind:panic) type:task_started", false),
            ("-kind:panic", true),
            ("not kind:timeout", false),
            ("--kind:timeout", true),
            ("NOT -not kind:timeout", false),
            ("-(kind:panic or kind:timeout)", false),
            ("-(kind:timeout type:task_started)", true),
            ("not (kind:panic)type:task_failed", true),
            ("((kind:timeout))", true),
            ("(a or b) or (c or kind:timeout)", true),
            ("(kind:timeout type:task_failed) (seq:7)", true),
        ],
    );
}
