//! Both ways with redis-py: consumers and publishers that already run read what we write, and we read what they wrote.
#![allow(clippy::unwrap_used)]

mod followed;

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use followed::followed;
use serde_json::{Value, json};
use stream_events::{Event, EventType, Fields, Progress, Publisher, Reader};
use support::TestRedis;

const SOON: Duration = Duration::from_secs(10);

/// A program of `tests/python`, under the Python that has redis-py.
fn python(program: &str, arguments: &[&str]) -> Command {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    let python = tests.join("../target/venv/bin/python");
    assert!(
        python.exists(),
        "these tests need redis-py in target/venv: run `tests/run`, which installs it"
    );
    let mut command = Command::new(python);
    command
        .arg(tests.join("python").join(program))
        .args(arguments)
        // A time zone other than UTC, and no bytecode beside the sources.
        .envs([("TZ", "Asia/Shanghai"), ("PYTHONDONTWRITEBYTECODE", "1")])
        .stderr(Stdio::inherit());
    command
}

/// What a program prints.
fn printed(program: &str, arguments: &[&str]) -> Value {
    let output = python(program, arguments).output().unwrap();
    assert!(output.status.success(), "{program} failed");
    serde_json::from_slice(&output.stdout).unwrap()
}

async fn history(reader: &Reader, job_id: &str) -> Vec<Event> {
    let mut history = reader.history(job_id).unwrap();
    let mut events = Vec::new();
    while let Some(event) = history.next().await {
        events.push(event.unwrap());
    }
    events
}

#[tokio::test]
async fn a_python_consumer_reads_our_job() {
    let redis = TestRedis::start();
    let publisher = Publisher::connect(redis.url()).unwrap();
    let before = SystemTime::now();
    let outline = json!({"title": "量子计算", "nodes": [{"title": "引言 😀\u{1b}\"\\"}]});
    let document = json!({"title": "大纲", "content": "# 引言\n", "word_count": u64::MAX});
    let job = publisher
        .job_builder("任务 1", "outline_generation")
        .unwrap();
    let job = job.attempt(1).max_attempts(2).start().unwrap();
    job.progress(Progress::new("正在分析需求").step("analysis").percent(10.0));
    job.emit(
        "outline_generated",
        Fields::new().field("outline", &outline),
    );
    job.emit(
        "document_generated",
        Fields::new().field("document", &document),
    );
    for n in 0..20 {
        job.emit("row", Fields::new().field("n", &n));
    }
    job.failed("第一次失败");
    assert!(publisher.flush(SOON).await.complete);
    publisher
        .publish_task_completed(
            "任务 1",
            "outline_generation",
            &json!({"ok": [1.5, null]}),
            &(),
        )
        .await
        .unwrap();

    let seen = printed("consumer.py", &[&redis.url(), "job_events:任务 1"]);
    let seen = seen.as_array().unwrap();
    let entries = redis.entries("job_events:任务 1");
    let ids = seen.iter().map(|line| &line["id"]);
    assert!(ids.eq(entries.iter().map(|entry| &entry.id)));
    for line in seen {
        assert_eq!(line["fields"], json!(["data", "timestamp", "event_type"]));
        let time = UNIX_EPOCH + Duration::from_secs_f64(line["seconds"].as_f64().unwrap());
        assert!(time + Duration::from_millis(1) > before && time <= SystemTime::now());
    }
    let saw: Vec<_> = seen
        .iter()
        .map(|line| (&line["type"], &line["saw"]))
        .collect();
    let expected = [
        ("task_started", json!("outline_generation")),
        ("task_progress", json!(["正在分析需求", "analysis"])),
        ("outline_generated", outline),
        ("document_generated", document),
    ];
    for ((kind, saw), (expected_kind, expected)) in saw.iter().zip(&expected) {
        assert_eq!((kind, saw), (&&json!(expected_kind), &expected));
    }
    assert_eq!(saw.len(), 26);
    assert_eq!((saw[23].0, &saw[23].1["n"]), (&json!("row"), &json!(19)));
    let tries = [&saw[23].1["attempt"], &saw[23].1["max_attempts"]];
    assert_eq!(tries, [&json!(1), &json!(2)]);
    assert_eq!(saw[24], (&json!("task_failed"), &json!("第一次失败")));
    assert_eq!(
        saw[25],
        (&json!("task_completed"), &json!({"ok": [1.5, null]}))
    );
}

#[tokio::test]
async fn we_read_a_python_publishers_job() {
    let redis = TestRedis::start();
    let reader = Reader::connect(redis.url()).unwrap();
    // The watch is there before the job is.
    let watching = tokio::spawn({
        let reader = reader.clone();
        async move { followed(reader.watch("job_001").unwrap()).await }
    });
    let said = tokio::task::spawn_blocking({
        let url = redis.url();
        move || printed("job.py", &[&url, "job_001"])
    });
    let said = said.await.unwrap();
    let events = history(&reader, "job_001").await;
    let watched = tokio::time::timeout(SOON, watching).await.unwrap().unwrap();
    assert_eq!(format!("{watched:?}"), format!("{events:?}"));

    let types: Vec<_> = events
        .iter()
        .map(|event| event.event_type().as_str())
        .collect();
    assert_eq!(
        types,
        [
            "task_started",
            "task_progress",
            "outline_generated",
            "document_generated",
            "no_time",
            "unknown",
            "numbers",
            "offset",
            "epoch",
            "half",
            "unknown",
            "task_failed",
            "task_completed",
        ]
    );
    assert_eq!(events[0].event_type(), &EventType::TaskStarted);
    assert!(
        events
            .iter()
            .all(|event| event.run().is_none() && event.seq().is_none())
    );
    let ends: Vec<_> = events.iter().map(Event::is_terminal).collect();
    assert_eq!(
        ends.iter().position(|is_end| *is_end),
        Some(12),
        "it is tried again after it failed"
    );

    let text = |n: usize, key: &str| events[n].field::<String>(key).unwrap().unwrap();
    assert_eq!(text(0, "task_prompt"), "写一份大纲");
    assert_eq!(
        (text(1, "progress"), text(1, "step")),
        ("正在分析需求".to_owned(), "analysis".to_owned())
    );
    assert_eq!(
        events[2].field::<Value>("outline").unwrap(),
        Some(json!({"title": "量子计算", "nodes": [{"title": "引言 😀"}]}))
    );
    assert_eq!(
        (text(11, "error"), text(12, "duration")),
        ("第一次失败".to_owned(), "30s".to_owned())
    );
    assert_eq!(said["length"], 13);
    assert_eq!(reader.stream_length("job_001").await.unwrap(), 13);
    assert_eq!(said["last"], events[12].id().to_string());
}

#[tokio::test]
async fn what_only_python_writes_comes_through_as_it_is() {
    let redis = TestRedis::start();
    let url = redis.url();
    tokio::task::spawn_blocking(move || printed("job.py", &[&url, "job_001"]))
        .await
        .unwrap();
    let events = history(&Reader::connect(redis.url()).unwrap(), "job_001").await;

    let at = |seconds: f64| UNIX_EPOCH + Duration::from_secs_f64(seconds);
    let of_id = |event: &Event| UNIX_EPOCH + Duration::from_millis(event.id().ms());
    assert_eq!(events[4].timestamp(), of_id(&events[4]), "none");
    assert_eq!(events[5].timestamp(), at(1_764_015_825.0), "naive");
    assert_eq!(events[7].timestamp(), at(1_764_015_825.5), "with an offset");
    assert_eq!(events[8].timestamp(), at(1_764_015_825.25), "a number");
    // A naive time of a host eight hours ahead of UTC, which nothing in it says.
    let ahead = events[0]
        .timestamp()
        .duration_since(of_id(&events[0]))
        .unwrap();
    assert_eq!((ahead + Duration::from_secs(60)).as_secs() / 3600, 8);

    let data = |n: usize| events[n].data().into_owned();
    assert!(
        data(3).contains(r#""word_count": 10000000000000000000000000"#),
        "{}",
        data(3)
    );
    assert!(data(3).contains(r"\u001b[31m"));
    assert_eq!(
        data(6),
        r#"{"event_type": "numbers", "loss": NaN, "most": Infinity}"#
    );
    assert_eq!(data(9), r#"{"event_type": "half", "text": "\ud83d"}"#);
    events[9].field::<String>("text").unwrap_err();
    assert_eq!(
        (events[10].raw("data"), events[10].raw("extra")),
        (Some(&b"\xff{"[..]), Some(&b"1"[..]))
    );
    assert_eq!(events[10].raw("timestamp"), None);
}

#[tokio::test]
async fn two_writers_of_one_stream_take_turns() {
    const TURNS: u64 = 20;
    let redis = TestRedis::start();
    let publisher = Publisher::connect(redis.url()).unwrap();
    let mut other = python("alternate.py", &[&redis.url(), "job_001"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut turn = other.stdin.take().unwrap();
    let mut taken = BufReader::new(other.stdout.take().unwrap()).lines();
    publisher
        .publish_task_started("job_001", "t", &())
        .await
        .unwrap();
    let mut order = Vec::new();
    for n in 0..TURNS {
        writeln!(turn, "{n}").unwrap();
        order.push(taken.next().unwrap().unwrap());
        let data = json!({"event_type": "ours", "n": n});
        order.push(
            publisher
                .publish_event("job_001", &data)
                .await
                .unwrap()
                .to_string(),
        );
    }
    publisher
        .publish_task_completed("job_001", "t", &(), &())
        .await
        .unwrap();
    drop(turn);
    assert!(other.wait().unwrap().success());

    let events = history(&publisher.reader(), "job_001").await;
    let turns: Vec<_> = events[1..events.len() - 1]
        .iter()
        .map(|event| event.id().to_string())
        .collect();
    assert_eq!(turns, order);
    let numbers = events
        .iter()
        .filter_map(|event| event.field::<u64>("n").unwrap());
    assert_eq!(
        numbers.collect::<Vec<_>>(),
        (0..TURNS).flat_map(|n| [n, n]).collect::<Vec<_>>()
    );
    let seqs = events.iter().filter_map(Event::seq).collect::<Vec<_>>();
    assert_eq!(seqs, (0..TURNS + 2).collect::<Vec<_>>());
    assert_eq!(
        followed(publisher.reader().watch("job_001").unwrap())
            .await
            .len(),
        events.len()
    );
}
