//! The lines that an operator reads, under a global subscriber that hears everything.
#![allow(clippy::unwrap_used)]

mod lines;

use std::time::Duration;

use lines::{SOON, log};
use serde_json::json;
use stream_events::{Publisher, job_events, publish};
use support::TestRedis;

#[tokio::test]
async fn an_outage_is_said_once_with_its_end_and_no_secret() {
    let log = log();
    // From its start on: who came to it before it asks for that would not be let in, and rest for long.
    let mut redis = TestRedis::with(&["--requirepass", "s3cret"]);
    let address = redis.url().trim_end_matches('/').to_owned();
    let publisher = Publisher::connect(redis.url().replace("//", "//:s3cret@")).unwrap();
    let job = publisher.job("job_001", "t").unwrap();
    assert!(publisher.flush(SOON).await.complete);
    redis.kill();
    job.progress("meanwhile");
    let away = log.wait_for(&["WARN stream_events", &address, "is away ("]);
    assert!(away.ends_with("; jobs run on, events wait"), "{away}");
    redis.restart();
    let back = log.wait_for(&["INFO stream_events", &address, "is back after"]);
    assert!(back.ends_with("1 events wait"), "{back}");
    assert!(publisher.flush(SOON).await.complete);
    assert_eq!(log.count(&format!("{address}/ is away")), 1);
    assert_eq!(log.count("s3cret"), 0);
}

#[tokio::test]
async fn a_store_that_takes_nothing_is_said_once_with_the_reason_and_so_is_its_end() {
    let log = log();
    let redis = TestRedis::start();
    let address = redis.url();
    redis.fill();
    // Long enough to be refused first.
    let timeout = Duration::from_secs(3);
    let publisher = Publisher::builder()
        .url(&address)
        .publish_timeout(timeout)
        .connect()
        .unwrap();
    let error = publisher
        .publish_task_started("job_full", "t", &())
        .await
        .unwrap_err();
    assert!(error.to_string().contains("within 3s (OOM "), "{error}");
    log.wait_for(&[
        "WARN stream_events",
        &address,
        "takes no events (OOM ",
        "jobs run on, events wait",
    ]);
    redis.unfill();
    log.wait_for(&["INFO stream_events", &address, "takes events again"]);
    assert_eq!(log.count(&format!("{address} takes no events")), 1);
}

#[tokio::test]
async fn a_refusal_for_good_names_event_and_job() {
    let log = log();
    let redis = TestRedis::start();
    redis.occupy("job_events:taken");
    let publisher = Publisher::connect(redis.url()).unwrap();
    publisher
        .publish_event("taken", &json!({"event_type": "x"}))
        .await
        .unwrap_err();
    let parts = [
        "ERROR stream_events",
        "refused x of job `taken` for good: WRONGTYPE",
    ];
    log.wait_for(&parts);
}

/// Row 11b: said at the start, and once for all connections.
#[tokio::test]
async fn a_store_that_may_throw_streams_away_is_said_once() {
    let log = log();
    let warning = "throws jobs' streams away when its memory is full";
    for policy in ["allkeys-lru", "volatile-ttl"] {
        let redis = TestRedis::with(&["--maxmemory", "100mb", "--maxmemory-policy", policy]);
        let address = redis.url();
        let publisher = Publisher::connect(&address).unwrap();
        let how = format!("(maxmemory-policy is {policy}; with noeviction, events wait instead)");
        log.wait_for(&["WARN stream_events", &address, warning, &how]);
        redis.kill_connections();
        let published = publisher.publish_task_started("job_001", "t", &()).await;
        published.unwrap();
        log.wait_for(&["INFO stream_events", &address, "is back after"]);
        assert_eq!(log.count(&format!("{address} {warning}")), 1);
    }
}

/// Row 11b: nothing is said where nothing is thrown away, or where it is not known.
#[tokio::test]
async fn a_store_that_throws_nothing_away_is_not_warned_of() {
    let log = log();
    let limited = "--maxmemory 100mb --maxmemory-policy noeviction";
    let unlimited = "--maxmemory 0 --maxmemory-policy allkeys-lru";
    let unasked = "--maxmemory 100mb --maxmemory-policy allkeys-lru";
    for (arguments, user) in [(limited, ""), (unlimited, ""), (unasked, "writer:secret@")] {
        let arguments: Vec<_> = arguments.split(' ').collect();
        let mut redis = TestRedis::with(&arguments);
        redis.allow("writer", "on >secret ~* +@all -info");
        let publisher = Publisher::connect(redis.url().replace("//", &format!("//{user}")));
        let publisher = publisher.unwrap();
        let published = publisher.publish_task_started("job_001", "t", &()).await;
        published.unwrap();
        // What is said later comes later.
        let address = redis.url();
        redis.kill();
        let _meanwhile = publisher.job("job_002", "t").unwrap();
        log.wait_for(&["WARN stream_events", &address, "is away ("]);
        assert_eq!(log.count(&format!("{address} throws")), 0, "{arguments:?}");
    }
}

#[job_events(task_type = "t")]
async fn does_its_work(job_id: &str) -> usize {
    job_id.len()
}

#[job_events(task_type = "part", parent = of)]
async fn does_its_part(job_id: &str, of: &str) -> usize {
    job_id.len() + of.len()
}

#[tokio::test]
async fn what_leaves_no_events_is_said() {
    let log = log();
    let _installed = Publisher::connect("memory:log").unwrap().install();
    assert_eq!(does_its_work("a{b").await, 3);
    log.wait_for(&[
        "ERROR stream_events",
        "a run of `t` leaves no events: the job id \"a{b\" holds '{'",
    ]);
    assert_eq!(does_its_part("a", "b}").await, 3);
    log.wait_for(&[
        "ERROR stream_events",
        "a run of `part` tells no parent: the job id \"b}\" holds '}'",
    ]);
    for _ in 0..3 {
        publish!("nobody's", n = 1);
    }
    log.wait_for(&[
        "WARN stream_events",
        "publish! outside of a job has no effect",
    ]);
    assert_eq!(log.count("publish! outside of a job"), 1);
}

/// Row 35
#[tokio::test]
async fn the_worker_is_not_heard_beside_its_notices() {
    let log = log();
    let redis = TestRedis::start();
    let publisher = Publisher::connect(redis.url()).unwrap();
    let job = publisher.job("job_quiet", "t").unwrap();
    for _ in 0..100 {
        job.progress("at work");
    }
    job.completed(&());
    assert!(publisher.flush(SOON).await.complete);
    let lines = log.text();
    let others = lines.lines().find(|line| !line.contains(" stream_events"));
    assert_eq!(others, None);
}
