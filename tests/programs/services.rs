//! The examples that go on until someone ends them, or a job.

use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::{Value, json};
use stream_events::{Fields, Item, Publisher, Reader};
use support::TestRedis;

use crate::program::{DOCUMENT, Example, kinds, only, stream};

fn emit(job: &stream_events::Job, n: u64) {
    job.emit("row", Fields::new().field("n", &n));
}

#[test]
fn live_feed_follows_a_job_while_it_runs() {
    let redis = TestRedis::start();
    let publisher = Publisher::connect(redis.url()).unwrap();
    let job = publisher.job("job_001", "import").unwrap();
    let feed = Example::of("live_feed", &["job_001"], &redis);
    let mut seen = vec![feed.line().unwrap()];
    for n in 0..3 {
        // Only when the line before has come: what follows is live.
        emit(&job, n);
        seen.push(feed.line().unwrap());
    }
    job.completed(&());
    let ended = feed.end();
    assert!(ended.is_success, "{}", ended.log);
    seen.extend(ended.lines);
    let entries = redis.entries("job_events:job_001").into_iter();
    let printed = |entry: support::RawEntry| {
        format!(
            "{} {} {}",
            entry.id,
            entry.field("event_type"),
            entry.field("data")
        )
    };
    let expected: Vec<_> = entries.map(printed).collect();
    assert_eq!((seen.len(), &seen), (5, &expected));

    let after = seen[2].split(' ').next().unwrap();
    let rest = Example::of("live_feed", &["job_001", after], &redis).end();
    assert_eq!((rest.is_success, &rest.lines[..]), (true, &seen[3..]));
}

#[test]
fn failures_are_told_once_however_many_listen() {
    let redis = TestRedis::start();
    // So that they begin with what fails from now on, whenever they are there.
    let group = [
        "XGROUP",
        "CREATE",
        "job_index:feed",
        "on_call",
        "$",
        "MKSTREAM",
    ];
    redis.run(&group);
    let publisher = Publisher::connect(redis.url()).unwrap();
    let fails = |job: &str| {
        publisher.job(job, "t").unwrap().failed("no more paper");
        let flushed = async { publisher.flush(std::time::Duration::from_secs(30)).await };
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        assert!(runtime.build().unwrap().block_on(flushed).complete);
    };
    fails("job_001");
    let first = Example::of("failures", &["on_call"], &redis);
    assert_eq!(first.line().unwrap(), "before: job_001: no more paper");
    assert_eq!(first.line().unwrap(), "job_001: no more paper");
    let second = Example::of("failures", &["on_call"], &redis);
    assert_eq!(second.line().unwrap(), "before: job_001: no more paper");
    drop(first);
    fails("job_002");
    assert_eq!(second.line().unwrap(), "job_002: no more paper");
}

#[test]
fn live_feed_names_what_is_missing() {
    let redis = TestRedis::start();
    for (kind, seq) in [("task_started", 0), ("task_completed", 4)] {
        let data = json!({"event_type": kind, "run": "r1", "seq": seq}).to_string();
        let add = [
            "job_events:job_001",
            "*",
            "data",
            &data,
            "timestamp",
            "",
            "event_type",
            kind,
        ];
        redis::cmd("XADD")
            .arg(&add)
            .exec(&mut redis.client())
            .unwrap();
    }
    let ended = Example::of("live_feed", &["job_001"], &redis).end();
    assert_eq!(
        (ended.lines.len(), &*ended.lines[1]),
        (3, "3 events of run r1 are missing, from 1: dropped")
    );

    for (arguments, why) in [
        (&[][..], "name a job by its id"),
        (&["a{b"], r#"the job id "a{b" holds '{'"#),
        (&["a", "5"], r#""5" is no event id"#),
    ] {
        let ended = Example::of("live_feed", arguments, &redis).end();
        assert!(
            !ended.is_success && ended.log.contains(why),
            "{}",
            ended.log
        );
    }
}

/// The status line and the body of an answer.
fn ask(address: &str, request: &str) -> (String, String) {
    let mut connection = TcpStream::connect(address).unwrap();
    connection.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.lines().next().unwrap().to_owned(), body.to_owned())
}

fn get(address: &str, path: &str) -> (String, String) {
    ask(
        address,
        &format!("GET {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n"),
    )
}

#[tokio::test]
async fn from_axum_answers_at_once_and_the_job_runs_on() {
    let redis = TestRedis::start();
    let service = Example::of("from_axum", &[], &redis);
    let line = service.line().unwrap();
    let address = line.strip_prefix("http://").unwrap();
    let head = "POST /outlines HTTP/1.1\r\nHost: test\r\nConnection: close\r\nContent-Length:";
    let (status, answer) = ask(
        address,
        &format!("{head} {}\r\n\r\n{DOCUMENT}", DOCUMENT.len()),
    );
    assert_eq!(status, "HTTP/1.1 202 Accepted");
    let answer: Value = serde_json::from_str(&answer).unwrap();
    let job = answer["job_id"].as_str().unwrap();
    assert_eq!(answer, json!({"job_id": job}));

    let mut watch = Reader::connect(redis.url()).unwrap().watch(job).unwrap();
    let mut last = None;
    while let Some(item) = watch.next().await {
        if let Item::Event(event) = item.unwrap() {
            last = Some(event.event_type().to_string());
        }
    }
    assert_eq!(last.as_deref(), Some("task_completed"));
    let events = stream(&redis, job);
    assert_eq!(
        kinds(&events),
        [
            "task_started",
            "task_progress",
            "outline_generated",
            "task_completed"
        ]
    );
    let nodes = ["The wire format", "Keys in data", "中文 #1"];
    assert_eq!(
        only(&events, "outline_generated")["outline"],
        json!({"title": nodes[0], "nodes": nodes})
    );

    let (status, lines) = get(address, &format!("/outlines/{job}"));
    let data = |entry: support::RawEntry| format!("{}\n", entry.field("data"));
    let entries = redis.entries(&format!("job_events:{job}")).into_iter();
    assert_eq!(
        (&*status, lines),
        ("HTTP/1.1 200 OK", entries.map(data).collect())
    );
    assert_eq!(
        get(address, "/outlines/a%7Bb").0,
        "HTTP/1.1 400 Bad Request"
    );
    assert_eq!(get(address, "/outlines/unknown").1, "");
}
