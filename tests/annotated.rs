//! What an annotated function writes of itself, on whose stream, and that it is called as it was.
#![allow(clippy::unwrap_used)]

mod installed;

use std::fmt;
use std::sync::atomic::{AtomicU32, Ordering};

use installed::{SOON, events, pause, publisher};
use serde_json::json;
use stream_events::{job_events, publish};
use support::TestRedis;

#[job_events(task_type = "outer")]
async fn outer(job_id: &str) {
    publish!("before", of = job_id);
    inner(&format!("{job_id}_inner")).await;
    publish!("after", of = job_id);
}

#[job_events(task_type = "inner")]
async fn inner(job_id: &str) {
    deeper(job_id).await;
}

async fn deeper(job_id: &str) {
    for n in 0..3 {
        pause().await;
        publish!("deep", n, of = job_id);
    }
}

/// Row 34
#[tokio::test]
async fn nested_jobs_have_a_stream_each_in_order() {
    publisher();
    tokio::join!(outer("nested_a"), outer("nested_b"));
    for outer in ["nested_a", "nested_b"] {
        let inner = format!("{outer}_inner");
        for (job_id, expected) in [
            (outer, &["before", "after"][..]),
            (&inner, &["deep", "deep", "deep"]),
        ] {
            let events = events(job_id).await;
            let types: Vec<_> = events.iter().map(|event| &event["event_type"]).collect();
            let expected = [&["task_started"], expected, &["task_completed"]].concat();
            assert_eq!(types, expected);
            let mut own = events.iter().filter(|event| !event["of"].is_null());
            assert!(own.all(|event| event["of"] == job_id));
            assert!((0..).zip(&events).all(|(seq, event)| event["seq"] == seq));
            assert!(events.iter().all(|event| event["run"] == events[0]["run"]));
        }
        let deep = events(&inner).await;
        assert_eq!(
            [&deep[1]["n"], &deep[2]["n"], &deep[3]["n"]],
            [&json!(0), &json!(1), &json!(2)]
        );
    }
}

#[tokio::test]
async fn fields_stand_on_the_start() {
    #[job_events(
        task_type = "fields",
        fields(prompt, %path, ?options, pages = options.0 + 1, "a key" = [1, 2]),
    )]
    async fn render(job_id: &str, prompt: String, path: std::path::Display<'_>, options: (u8,)) {
        let _ = (job_id, prompt, path, options);
    }
    publisher();
    let path = std::path::Path::new("a/文档");
    render("fields", "大纲 \"x\"".to_owned(), path.display(), (7,)).await;
    let start = &events("fields").await[0];
    assert_eq!(start["task_type"], "fields");
    for (key, value) in [
        ("prompt", json!("大纲 \"x\"")),
        ("path", json!("a/文档")),
        ("options", json!("(7,)")),
        ("pages", json!(8)),
        ("a key", json!([1, 2])),
    ] {
        assert_eq!(start[key], value, "{key}");
    }
}

#[tokio::test]
async fn a_new_id_is_a_uuid() {
    #[job_events(task_type = "fresh", job_id = new)]
    async fn fresh() {
        publish!("named");
    }
    publisher();
    fresh().await;
    fresh().await;
    assert!(publisher().flush(SOON).await.complete);
    // Ids of other tests are no UUIDs.
    let keys = redis::cmd("KEYS")
        .arg("job_events:*-????-7???-????-*")
        .query::<Vec<String>>(&mut TestRedis::shared().client())
        .unwrap();
    assert_eq!(keys.len(), 2, "{keys:?}");
    for key in keys {
        assert_eq!(key.len(), "job_events:".len() + 36);
        assert_eq!(TestRedis::shared().entries(&key).len(), 3);
    }
}

#[tokio::test]
async fn a_job_whose_id_cannot_be_used_runs_unseen() {
    static EVALUATED: AtomicU32 = AtomicU32::new(0);
    #[job_events(task_type = "unseen")]
    async fn unseen(job_id: &str) -> Result<usize, String> {
        publish!("within", n = EVALUATED.fetch_add(1, Ordering::Relaxed));
        pause().await;
        Ok(job_id.len())
    }
    publisher();
    let long = "x".repeat(257);
    for job_id in ["", "a{b}", "a\nb", &long] {
        assert_eq!(unseen(job_id).await, Ok(job_id.len()));
        let key = format!("job_events:{job_id}");
        assert!(publisher().flush(SOON).await.complete);
        assert_eq!(TestRedis::shared().entries(&key), []);
    }
    assert_eq!(EVALUATED.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn outside_of_a_job_publish_does_nothing() {
    publisher();
    let mut evaluated = false;
    publish!(
        "outside",
        n = {
            evaluated = true;
            1
        }
    );
    assert!(!evaluated);
}

#[tokio::test]
async fn borrows_are_as_without_the_attribute() {
    #[job_events(task_type = "borrows", fields(known = seen.len()), ret)]
    async fn longest<'a>(job_id: &str, seen: &mut Vec<&'a str>, text: &'a str) -> Option<&'a str> {
        seen.extend(text.split(' '));
        pause().await;
        publish!("split", words = seen.len(), of = job_id);
        seen.iter().copied().max_by_key(|word| word.len())
    }
    publisher();
    let text = "ein schönes Wort".to_owned();
    let mut seen = Vec::new();
    let word = longest(&String::from("borrows"), &mut seen, &text).await;
    seen.push("more");
    assert_eq!((word, seen.len()), (Some("schönes"), 4));
    assert_eq!(events("borrows").await[2]["result"], "schönes");
}

/// Says something while its text is made.
struct Talks;

impl fmt::Display for Talks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        publish!("said");
        f.write_str("it talks")
    }
}

#[job_events(task_type = "fails")]
async fn fails_talking(job_id: &str) -> Result<usize, Talks> {
    pause().await;
    Err(Talks).or_else(|_: Talks| job_id.parse().map_err(|_| Talks))
}

#[job_events(task_type = "fails")]
fn fails_talking_at_once(job_id: &str) -> Result<usize, Talks> {
    job_id.parse().map_err(|_| Talks)
}

#[tokio::test]
async fn what_an_error_says_while_its_text_is_made_is_its_own_jobs() {
    #[job_events(task_type = "around")]
    async fn around(job_id: &str) {
        let failed = fails_talking("talks").await.is_err();
        publish!("failed", failed, of = job_id);
        let failed = fails_talking_at_once("talks_at_once").is_err();
        publish!("failed", failed, of = job_id);
    }
    publisher();
    around("around_talks").await;
    for (job_id, expected) in [
        ("talks", &["task_started", "said", "task_failed"][..]),
        ("talks_at_once", &["task_started", "said", "task_failed"]),
        (
            "around_talks",
            &["task_started", "failed", "failed", "task_completed"],
        ),
    ] {
        let events = events(job_id).await;
        let types: Vec<_> = events.iter().map(|event| &event["event_type"]).collect();
        assert_eq!(types, expected, "{job_id}");
    }
}
