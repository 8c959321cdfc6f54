//! Which try of a job a run is, of how many, and of whose work it is part.
#![allow(clippy::unwrap_used)]

mod installed;

use installed::{events, pause, publisher};
use serde_json::{Value, json};
use stream_events::{Item, JobId, Watch, job_events, publish};
use tokio::time::timeout;

#[job_events(task_type = "t", attempt = tries + 1, max_attempts = 3)]
async fn tried(job_id: &str, tries: u32) -> Result<(), String> {
    publish!("row", of = job_id);
    if tries < 2 {
        return Err(format!("try {}", tries + 1));
    }
    panic!("the last")
}

/// What the events of a job have under this key, each run's for itself.
fn by_run(events: &[Value], key: &str) -> Vec<Value> {
    let of_run = |run: &[Value]| {
        let first = &run[0][key];
        assert!(run.iter().all(|event| event[key] == *first), "{run:?}");
        first.clone()
    };
    let runs = events.chunk_by(|one, next| one["run"] == next["run"]);
    runs.map(of_run).collect()
}

async fn item(watch: &mut Watch) -> Option<(String, u64)> {
    let next = timeout(installed::SOON, watch.next()).await.unwrap()?;
    let Item::Event(event) = next.unwrap() else {
        panic!("a gap")
    };
    let attempt = event.field("attempt").unwrap().unwrap();
    Some((event.event_type().to_string(), attempt))
}

#[tokio::test]
async fn a_watch_goes_on_over_failures_to_the_last_try() {
    let mut watch = publisher().reader().watch("tried").unwrap();
    for tries in 0..2 {
        tried("tried", tries).await.unwrap_err();
        for kind in ["task_started", "row", "task_failed"] {
            let expected = (kind.to_owned(), u64::from(tries) + 1);
            assert_eq!(item(&mut watch).await, Some(expected));
        }
    }
    let last = tokio::spawn(tried("tried", 2)).await;
    assert!(last.unwrap_err().is_panic());
    for kind in ["task_started", "row", "task_failed"] {
        assert_eq!(item(&mut watch).await, Some((kind.to_owned(), 3)));
    }
    assert_eq!(item(&mut watch).await, None);

    let events = events("tried").await;
    assert_eq!(by_run(&events, "attempt"), [1, 2, 3]);
    assert_eq!(by_run(&events, "max_attempts"), [3, 3, 3]);
    let ends = events
        .iter()
        .filter(|event| event["event_type"] == "task_failed");
    let ends: Vec<_> = ends
        .map(|end| (&end["error_kind"], &end["will_retry"]))
        .collect();
    let expected = [("error", true), ("error", true), ("panic", false)];
    assert_eq!(json!(ends), json!(expected));
}

#[tokio::test]
async fn what_is_not_known_of_the_tries_is_not_said() {
    #[job_events(task_type = "t", attempt = tries, max_attempts = most)]
    async fn perhaps(job_id: &str, tries: Option<i32>, most: Option<u8>) -> Result<(), String> {
        Err(job_id.to_owned())
    }
    publisher();
    for (job_id, tries, most) in [
        ("perhaps_1", None, Some(3)),
        ("perhaps_2", Some(-1), Some(3)),
        ("perhaps_3", Some(1), None),
    ] {
        perhaps(job_id, tries, most).await.unwrap_err();
        let end = &events(job_id).await[1];
        assert_eq!(end["will_retry"], false, "{job_id}");
        let tries = u64::try_from(tries.unwrap_or(-1)).ok();
        assert_eq!(
            (&end["attempt"], &end["max_attempts"]),
            (&json!(tries), &json!(most))
        );
    }
}

/// Nobody tries it again: whoever watches it would wait for ever.
#[tokio::test]
async fn a_run_that_the_application_drops_is_the_end_of_its_job() {
    #[job_events(task_type = "t", attempt = 1, max_attempts = 2)]
    async fn endless(job_id: &str) {
        std::future::pending::<()>().await;
        let _ = job_id;
    }
    let mut watch = publisher().reader().watch("cancelled").unwrap();
    tokio::select! {
        biased;
        () = endless("cancelled") => unreachable!(),
        () = std::future::ready(()) => {}
    }
    let end = &events("cancelled").await[1];
    assert_eq!(
        (&end["error_kind"], &end["will_retry"]),
        (&json!("cancelled"), &json!(false))
    );
    for kind in ["task_started", "task_failed"] {
        assert_eq!(item(&mut watch).await, Some((kind.to_owned(), 1)));
    }
    assert_eq!(item(&mut watch).await, None);

    let of_hand = publisher().job_builder("let_go", "t").unwrap();
    drop(of_hand.attempt(1).max_attempts(2).start().unwrap());
    assert_eq!(events("let_go").await[1]["will_retry"], false);
}

/// Whoever has tried it will do so again, with another publisher.
#[tokio::test]
async fn a_run_that_a_shutdown_cuts_short_will_be_tried_again() {
    let url = support::TestRedis::shared().url();
    let leaves = stream_events::Publisher::connect(url).unwrap();
    let job = leaves.job_builder("cut_short", "t").unwrap();
    let _job = job.attempt(1).max_attempts(2).start().unwrap();
    assert!(leaves.shutdown(installed::SOON).await.complete);
    let end = &events("cut_short").await[1];
    assert_eq!(
        (&end["error_kind"], &end["will_retry"]),
        (&json!("cancelled"), &json!(true))
    );
}

#[job_events(task_type = "t", fields(of))]
async fn part(job_id: &str, of: &str) {
    pause().await;
    publish!("row", of, to = job_id);
}

#[job_events(task_type = "t", parent = of.parent)]
async fn part_of(job_id: &str, of: Of<'_>) {
    let _ = (job_id, of);
}

struct Of<'a> {
    parent: &'a str,
}

#[job_events(task_type = "t", parent = none)]
async fn part_of_none(job_id: &str) {
    let _ = job_id;
}

#[job_events(task_type = "t")]
async fn whole(job_id: &str) {
    part("part", job_id).await;
    part(job_id, "itself").await;
    part_of("part_of", Of { parent: "other" }).await;
    part_of("part_of_nonsense", Of { parent: "{}" }).await;
    part_of_none("part_of_none").await;
}

/// Row 34
#[tokio::test]
async fn a_job_within_a_job_names_it_unless_it_is_told_otherwise() {
    publisher();
    whole("whole").await;
    for (job_id, parent) in [
        ("whole", json!([null, null, null])),
        ("part", json!(["whole"])),
        ("part_of", json!(["other"])),
        ("part_of_nonsense", json!(["whole"])),
        ("part_of_none", json!([null])),
    ] {
        let events = events(job_id).await;
        assert_eq!(json!(by_run(&events, "parent_job_id")), parent, "{job_id}");
    }
    let by_hand = publisher().job_builder("by_hand", "t").unwrap();
    let parent = JobId::try_from("whole").unwrap();
    by_hand.parent(&parent).start().unwrap().completed(&());
    assert_eq!(by_run(&events("by_hand").await, "parent_job_id"), ["whole"]);
}

#[tokio::test]
async fn a_job_by_hand_may_have_no_parent_too() {
    let around = publisher().job("around_hands", "t").unwrap();
    let parent = JobId::try_from("order_7").unwrap();
    let start = |job_id: &str| publisher().job_builder(job_id, "t").unwrap();
    around.in_scope(|| {
        let jobs = [
            start("unsaid"),
            start("alone").no_parent(),
            start("alone_at_last").parent(&parent).no_parent(),
            start("with_parent_at_last").no_parent().parent(&parent),
        ];
        jobs.into_iter()
            .for_each(|job| job.start().unwrap().completed(&()));
    });
    around.completed(&());
    for (job_id, parent) in [
        ("unsaid", json!("around_hands")),
        ("alone", Value::Null),
        ("alone_at_last", Value::Null),
        ("with_parent_at_last", json!("order_7")),
    ] {
        let events = events(job_id).await;
        assert_eq!(by_run(&events, "parent_job_id"), [parent], "{job_id}");
    }
}

/// `None` is no parent that was told, so that the job around it is the one.
#[tokio::test]
async fn a_parent_may_be_known_or_not() {
    #[job_events(task_type = "t", parent = order)]
    async fn perhaps(job_id: &str, order: Option<&str>) {
        let _ = (job_id, order);
    }
    #[job_events(task_type = "t")]
    async fn around(job_id: &str) {
        perhaps("with_parent", Some("order_7")).await;
        perhaps("without_parent", None).await;
        let _ = job_id;
    }
    publisher();
    around("around_both").await;
    let parent = async |job_id| events(job_id).await[0]["parent_job_id"].clone();
    assert_eq!(parent("with_parent").await, "order_7");
    assert_eq!(parent("without_parent").await, "around_both");
}
