//! The first program that anyone runs.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::json;
use support::TestRedis;

use crate::program::{DOCUMENT, Example, ROOT, built, cargo, file, kinds, only, seqs, stream};

const QUICKSTART: [&str; 5] = [
    "task_started",
    "task_progress",
    "task_progress",
    "outline_generated",
    "task_completed",
];

#[test]
fn quickstart_needs_neither_a_server_nor_arguments() {
    built();
    let command = cargo(&["run", "--quiet", "--example", "quickstart"]);
    let ended = Example::start(command, &[]).end();
    assert!(ended.is_success, "{}", ended.log);
    let warning = "WARN stream_events: neither STREAM_EVENTS_URL nor REDIS_URL is set: job events stay in this process's memory";
    assert_eq!(ended.log.matches(warning).count(), 1, "{}", ended.log);

    let events = ended.events();
    assert_eq!(
        (kinds(&events), seqs(&events)),
        (QUICKSTART.to_vec(), vec![0, 1, 2, 3, 4])
    );
    let readme = fs::read_to_string(Path::new(ROOT).join("README.md")).unwrap();
    let outside_of_code = readme.split("```").step_by(2);
    let headings =
        outside_of_code.flat_map(|text| text.lines().filter(|line| line.starts_with('#')));
    let headings: Vec<_> = headings
        .map(|line| line.trim_matches(['#', ' ']).replace('`', ""))
        .collect();
    let nodes = only(&events, "outline_generated")["outline"]["nodes"]
        .as_array()
        .unwrap();
    let titles: Vec<_> = nodes
        .iter()
        .map(|node| node["title"].as_str().unwrap())
        .collect();
    assert!(headings.len() > 3);
    assert_eq!(titles, headings);
    let job = events[0].2["job_id"].as_str().unwrap();
    let hint = format!("With REDIS_URL set they would stand on job_events:{job}.");
    assert_eq!(ended.lines.last(), Some(&hint));
}

#[test]
fn quickstart_leaves_on_redis_what_it_printed() {
    let redis = TestRedis::start();
    let (_folder, path) = file(DOCUMENT);
    let ended = Example::of("quickstart", &[&path], &redis).end();
    assert!(ended.is_success, "{}", ended.log);
    let events = ended.events();
    assert_eq!(kinds(&events), QUICKSTART);
    let job = events[0].2["job_id"].as_str().unwrap();
    assert_eq!(stream(&redis, job), events);
    let nodes = json!([
        {"level": 1, "title": "The wire format"}, {"level": 2, "title": "Keys in data"}, {"level": 3, "title": "中文 #1"}
    ]);
    assert_eq!(
        only(&events, "outline_generated")["outline"],
        json!({"title": path, "nodes": nodes})
    );
    assert_eq!(only(&events, "task_started")["path"], json!(path));

    let look = ended.lines.last().unwrap();
    assert_eq!(
        *look,
        format!("redis-cli -u {} XRANGE job_events:{job} - +", redis.url())
    );
    let seen = Command::new("sh").args(["-c", look]).output().unwrap();
    let seen = String::from_utf8(seen.stdout).unwrap();
    let printed = ended
        .lines
        .iter()
        .filter_map(|line| line.splitn(3, ' ').nth(2))
        .take(5);
    let of_each = |data: &str| [data, "timestamp", "event_type"].map(str::to_owned);
    for part in printed.flat_map(of_each) {
        assert!(seen.lines().any(|line| line == part), "{part}: {seen}");
    }
}

#[test]
fn quickstart_says_what_is_wrong_with_a_file_and_so_does_the_stream() {
    let redis = TestRedis::start();
    let mut command = Command::new(&built()["quickstart"]);
    command.arg("missing.md");
    let ended = Example::start(command, &[("STREAM_EVENTS_URL", redis.url())]).end();
    let why = "cannot read missing.md: No such file or directory (os error 2)";
    assert!(
        !ended.is_success && ended.log.ends_with(&format!("Error: {why:?}\n")),
        "{}",
        ended.log
    );
    let events = ended.events();
    let job = events[0].2["job_id"].as_str().unwrap();
    assert_eq!(
        ended.lines.last().unwrap(),
        &format!("redis-cli -u {} XRANGE job_events:{job} - +", redis.url())
    );
    assert_eq!(
        kinds(&stream(&redis, job)),
        ["task_started", "task_progress", "task_failed"]
    );
    assert_eq!(only(&stream(&redis, job), "task_failed")["error"], why);
}
