//! The examples that do their work and end.

use std::fs;

use serde_json::{Value, json};
use support::TestRedis;

use crate::program::{DOCUMENT, Example, file, kinds, only, stream};

#[test]
fn outline_generation_runs_several_jobs_of_which_one_fails() {
    let redis = TestRedis::start();
    let (_folder, path) = file(DOCUMENT);
    let ended = Example::of("outline_generation", &[&path, "missing.md"], &redis).end();
    assert!(ended.is_success, "{}", ended.log);
    let events = ended.events();
    let (good, bad) = events.split_at(events.len() - 3);
    for events in [good, bad] {
        assert_eq!(
            stream(&redis, events[0].2["job_id"].as_str().unwrap()),
            events
        );
    }
    assert_eq!(kinds(bad), ["task_started", "task_progress", "task_failed"]);
    assert_eq!(
        only(bad, "task_failed")["error"],
        "No such file or directory (os error 2)"
    );

    let phase = good
        .iter()
        .map(|event| &event.2)
        .filter(|data| data["step"] == "collect");
    let standing = phase.map(|data| (data["current"].as_u64(), data["total"].as_u64().unwrap()));
    // Those between the first and the last may be shown or not: that is a matter of time.
    let standing: Vec<_> = standing
        .filter(|(current, _)| !matches!(current, Some(1 | 2)))
        .collect();
    assert_eq!(standing, [(None, 3), (Some(3), 3), (Some(3), 3)]);
    let nodes = ["The wire format", "Keys in data", "中文 #1"];
    let outline = json!({"title": nodes[0], "nodes": nodes});
    assert_eq!(only(good, "outline_generated")["outline"], outline);
    assert_eq!(only(good, "task_completed")["result"], outline);
    assert_eq!(
        kinds(good)[good.len() - 2..],
        ["outline_generated", "task_completed"]
    );
}

#[test]
fn document_generation_writes_the_page_that_it_publishes() {
    let redis = TestRedis::start();
    let (folder, path) = file(DOCUMENT);
    let page = folder.path().join("page.html");
    let ended = Example::of(
        "document_generation",
        &[&path, page.to_str().unwrap()],
        &redis,
    )
    .end();
    assert!(ended.is_success, "{}", ended.log);
    let (job, words) = ended.lines[0].split_once(": ").unwrap();
    assert_eq!(words, format!("12 words, {page:?}"));
    let events = stream(&redis, job);
    let html = fs::read_to_string(&page).unwrap();
    assert!(
        html.starts_with("<h1>The w<em>ir</em>e format</h1>\n<p>Text.</p>\n<pre>"),
        "{html}"
    );
    let document = json!({"title": "The wire format", "content": html, "word_count": 12});
    assert_eq!(only(&events, "document_generated")["document"], document);
    assert_eq!(kinds(&events).last(), Some(&"task_completed"));

    let unwritable = folder.path().join("no-such-folder/page.html");
    let ended = Example::of(
        "document_generation",
        &[&path, unwritable.to_str().unwrap()],
        &redis,
    )
    .end();
    assert!(
        !ended.is_success && ended.log.contains("No such file or directory"),
        "{}",
        ended.log
    );
}

#[test]
fn manual_job_counts_the_words_of_each_file() {
    let redis = TestRedis::start();
    let ((_a, two), (_b, three)) = (file("two words"), file("one\n\n two\tthree "));
    let ended = Example::of("manual_job", &[&two, &three], &redis).end();
    assert!(ended.is_success, "{}", ended.log);
    assert_eq!(
        ended.lines[0],
        "6 delivered, 0 coalesced, 0 dropped, 0 pending"
    );
    let events = ended.events();
    assert_eq!(
        stream(&redis, events[0].2["job_id"].as_str().unwrap()),
        events
    );
    let standing =
        |n: usize| ["words", "path", "current", "total"].map(|key| events[n].2[key].clone());
    assert_eq!(
        standing(1),
        [json!(2), json!(two), Value::Null, Value::Null]
    );
    assert_eq!(standing(2), [Value::Null, Value::Null, json!(1), json!(2)]);
    assert_eq!(
        standing(3),
        [json!(3), json!(three), Value::Null, Value::Null]
    );
    assert_eq!(standing(4), [Value::Null, Value::Null, json!(2), json!(2)]);
    assert_eq!(only(&events, "task_completed")["result"], json!(5));

    let ended = Example::of("manual_job", &[&two, "missing.md"], &redis).end();
    assert!(
        !ended.is_success && ended.log.contains("No such file or directory"),
        "{}",
        ended.log
    );
    assert_eq!(only(&ended.events(), "task_failed")["error_kind"], "error");
}
