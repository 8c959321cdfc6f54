//! What is chosen of jobs, as they stand.

use std::time::{Duration, SystemTime};

use super::query;
use crate::event::Entry;
use crate::{Event, EventId, Item, JobState};

const START: u64 = 1_764_000_000;

fn event(n: u64, event_type: &str, data: &str) -> Item {
    let fields = [("data", data), ("event_type", event_type)];
    let id = EventId::new((START + n) * 1000, 0);
    Item::Event(Event::from(Entry::new(id, fields)))
}

fn job(items: &[Item]) -> JobState {
    let mut job = JobState::new("job_001");
    items.iter().for_each(|item| job.apply(item));
    job
}

fn check(job: &JobState, queries: &[(&str, bool)]) {
    for (text, expected) in queries {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(START + 60);
        let query = query(text).at(now);
        assert_eq!(query.matches_job(job), *expected, "{text} on {job:?}");
        let again = query.to_string().parse::<super::Query>().unwrap().at(now);
        assert_eq!(again.matches_job(job), *expected, "{query}");
    }
}

#[test]
fn a_job_at_work_is_what_it_said_last() {
    let job = job(&[
        event(
            0,
            "task_started",
            r#"{"run":"r1","seq":0,"task_type":"outline","attempt":2,"parent_job_id":"p","worker":"w-1"}"#,
        ),
        event(
            30,
            "task_progress",
            r#"{"run":"r1","seq":1,"progress":"Reading on","step":"analysis","current":18446744073709551615,"total":18446744073709551615,"percent":62.5,"rate":0.1,"eta_ms":1500}"#,
        ),
    ]);
    check(
        &job,
        &[
            ("status:running", true),
            ("status:failed", false),
            (
                "job:job_* task:OUTLINE run=r1 parent:p worker:w* step:analysis attempt:2",
                true,
            ),
            ("reading", true),
            ("outline", true),
            ("analysis", false),
            ("progress:reading message:on", true),
            ("percent>62 percent<63 rate:0.1", true),
            (
                "current=18446744073709551615 current>18446744073709551614",
                true,
            ),
            ("eta:1s500ms", true),
            ("eta>1500ms", false),
            ("duration:*", false),
            ("after:-30s", true),
            ("after:-29s", false),
            ("started<=-60s", true),
            ("started>-60s", false),
            ("ended<2099-01-01", false),
            ("-ended<2099-01-01", true),
            ("", true),
        ],
    );
}

#[test]
fn a_job_that_has_ended_has_its_error_or_its_result() {
    let failed = job(&[
        event(0, "task_started", "{}"),
        event(
            9,
            "task_failed",
            r#"{"error":"Connection timed out","error_kind":"timeout","duration_ms":9000,"will_retry":false}"#,
        ),
    ]);
    check(
        &failed,
        &[
            (
                "status:failed kind:timeout error:\"TIMED out\" duration:9s",
                true,
            ),
            ("\"timed out\"", true),
            ("ended>=2025-11-24 ended<2025-11-25", true),
            ("kind:lost or status:retrying", false),
            ("field.result:*", false),
        ],
    );
    let completed = job(&[
        event(0, "task_started", "{}"),
        event(
            9,
            "task_completed",
            r#"{"result":{"chapters":[{"pages":3},{"pages":12}]}}"#,
        ),
    ]);
    check(
        &completed,
        &[
            ("status:completed field.result.chapters.pages>10", true),
            ("field.result.chapters.0.pages>10", false),
            ("field.result:*", true),
            ("field.chapters:*", false),
        ],
    );
}

#[test]
fn what_a_job_does_not_have_is_nothing_to_look_at() {
    let job = job(&[event(
        0,
        "task_started",
        r#"{"run":"r1","seq":0,"elapsed_ms":1,"own":7}"#,
    )]);
    for term in [
        "type:task_started",
        "seq:0",
        "elapsed:1ms",
        "field.own:7",
        "field.seq:0",
        "error:*",
        "percent>0",
    ] {
        check(&job, &[(term, false), (&format!("-{term}"), true)]);
    }
}
