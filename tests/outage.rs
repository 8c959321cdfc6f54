//! Redis away at the start, killed in the middle, frozen: jobs run on, and each event stands on the
//! stream once.
#![allow(clippy::unwrap_used)]

use std::convert::Infallible;
use std::time::{Duration, Instant};

use stream_events::{ErrorKind, Fields, Publisher, job_events, progress, publish};
use support::{TestRedis, seqs};
use tracing_subscriber::prelude::*;

/// Longer than any wait between two tries to connect, and than an answer is waited for.
const IN_TIME: Duration = Duration::from_secs(40);

/// Emits events one by one, as fast as it can, and says how long the slowest took.
fn emit_rows(job: &stream_events::Job, rows: std::ops::Range<u64>) -> Duration {
    let emit = |n| {
        let before = Instant::now();
        job.emit("row", Fields::new().field("n", &n));
        before.elapsed()
    };
    rows.map(emit).max().unwrap_or_default()
}

/// Row 1
#[tokio::test]
async fn a_server_that_is_down_at_the_start_gets_all_when_it_comes() {
    let mut redis = TestRedis::start();
    redis.kill();
    let publisher = Publisher::connect(redis.url()).unwrap();
    let job = publisher.job("job_001", "t").unwrap();
    emit_rows(&job, 0..100);
    job.completed(&());
    let early = publisher.flush(Duration::from_millis(100)).await;
    assert!(!early.complete);
    assert_eq!((early.stats.emitted, early.stats.pending), (102, 102));
    redis.restart();
    let late = publisher.flush(IN_TIME).await;
    assert!(late.complete);
    assert_eq!((late.stats.delivered, late.stats.pending), (102, 0));
    assert_eq!(
        seqs(&redis.entries("job_events:job_001")),
        (0..102).collect::<Vec<_>>()
    );
}

/// Row 2 with a file: all is there.
#[tokio::test]
async fn killing_the_server_again_and_again_neither_loses_nor_doubles_an_event() {
    let mut redis = TestRedis::with_aof();
    let publisher = Publisher::connect(redis.url()).unwrap();
    let jobs: Vec<_> = (0..8)
        .map(|n| publisher.job(format!("job_{n}"), "t").unwrap())
        .collect();
    for round in 0..6 {
        for job in &jobs {
            emit_rows(job, 0..50);
        }
        // Somewhere in the middle of the deliveries, another place each time.
        let delivered = publisher.stats().delivered;
        while publisher.stats().delivered < delivered + round * 30 {
            tokio::task::yield_now().await;
        }
        redis.kill();
        for job in &jobs {
            emit_rows(job, 50..60);
        }
        redis.restart();
    }
    jobs.iter().for_each(|job| job.completed(&"done"));
    let report = publisher.flush(IN_TIME).await;
    assert!(report.complete, "{report}");
    for n in 0..8 {
        let entries = redis.entries(&format!("job_events:job_{n}"));
        assert_eq!(seqs(&entries), (0..362).collect::<Vec<_>>());
        assert_eq!(
            entries.last().unwrap().field("event_type"),
            "task_completed"
        );
    }
    let stats = publisher.stats();
    assert_eq!(
        (stats.delivered, stats.dropped.total(), stats.coalesced),
        (8 * 362, 0, 0)
    );
}

#[job_events(task_type = "outage", ret)]
async fn works_through_an_outage(
    job_id: &str,
    redis: &mut TestRedis,
) -> Result<String, Infallible> {
    progress!("before", step = "first");
    redis.kill();
    progress!("in the middle");
    publish!("outline_generated", outline = &["a", "b"]);
    tokio::task::yield_now().await;
    redis.restart();
    progress!("after", step = "last");
    Ok(format!("the result of {job_id}"))
}

/// Row 2
#[tokio::test]
async fn an_annotated_job_neither_notices_an_outage_nor_loses_an_event_by_it() {
    tracing_subscriber::registry()
        .with(stream_events_tracing::layer())
        .init();
    let mut redis = TestRedis::with_aof();
    let installed = Publisher::connect(redis.url()).unwrap().install();
    let result = works_through_an_outage("job_001", &mut redis).await;
    assert_eq!(result.unwrap(), "the result of job_001");
    assert!(installed.publisher().flush(IN_TIME).await.complete);
    let entries = redis.entries("job_events:job_001");
    let types: Vec<_> = entries
        .iter()
        .map(|entry| entry.field("event_type"))
        .collect();
    let expected = [
        "task_started",
        "task_progress",
        "task_progress",
        "outline_generated",
        "task_progress",
        "task_completed",
    ];
    assert_eq!(types, expected);
    assert_eq!(seqs(&entries), [0, 1, 2, 3, 4, 5]);
}

/// Row 3
#[tokio::test]
async fn what_a_frozen_server_takes_late_is_not_doubled() {
    let redis = TestRedis::start();
    let publisher = Publisher::connect(redis.url()).unwrap();
    let job = publisher.job("job_001", "t").unwrap();
    assert!(publisher.flush(IN_TIME).await.complete);
    redis.freeze();
    // Few enough that the server reads them at once, when it goes on: of more it would see,
    // halfway, that we are gone.
    emit_rows(&job, 0..20);
    // The connection is given up, another is tried, and the old bytes are still on their way.
    let report = publisher.flush(Duration::from_secs(7)).await;
    assert!(!report.complete && report.stats.delivered == 1, "{report}");
    let slowest = emit_rows(&job, 20..1000);
    job.completed(&());
    redis.thaw();
    assert!(publisher.flush(IN_TIME).await.complete);
    assert_eq!(
        seqs(&redis.entries("job_events:job_001")),
        (0..1002).collect::<Vec<_>>()
    );
    // Less than an answer is waited for: no call waited for one.
    assert!(slowest < Duration::from_secs(5), "{slowest:?}");
}

/// Row 4
#[tokio::test]
async fn a_connection_that_is_cut_all_the_time_delivers_each_event_once() {
    let redis = TestRedis::start();
    let publisher = Publisher::connect(redis.url()).unwrap();
    let job = publisher.job("job_001", "t").unwrap();
    let mut client = redis.client();
    for round in 0..20 {
        emit_rows(&job, 0..100);
        redis::cmd("CLIENT")
            .arg("KILL")
            .arg("TYPE")
            .arg("normal")
            .arg("SKIPME")
            .arg("yes")
            .exec(&mut client)
            .unwrap();
        if round % 5 == 0 {
            assert!(publisher.flush(IN_TIME).await.complete);
        }
    }
    job.completed(&());
    assert!(publisher.flush(IN_TIME).await.complete);
    assert_eq!(
        seqs(&redis.entries("job_events:job_001")),
        (0..2002).collect::<Vec<_>>()
    );
}

/// Row 11
#[tokio::test]
async fn a_full_server_is_waited_for() {
    let redis = TestRedis::start();
    let publisher = Publisher::connect(redis.url()).unwrap();
    let job = publisher.job("job_001", "t").unwrap();
    assert!(publisher.flush(IN_TIME).await.complete);
    redis.fill();
    // Many at once: of a transaction nothing is done.
    emit_rows(&job, 0..10);
    job.completed(&());
    let early = publisher.flush(Duration::from_millis(300)).await;
    assert_eq!(
        (early.complete, early.stats.delivered, early.stats.pending),
        (false, 1, 11)
    );
    assert_eq!(seqs(&redis.entries("job_events:job_001")), [0]);
    redis.unfill();
    assert!(publisher.flush(IN_TIME).await.complete);
    assert_eq!(
        seqs(&redis.entries("job_events:job_001")),
        (0..12).collect::<Vec<_>>()
    );
    assert_eq!(publisher.stats().dropped.total(), 0);
}

/// Row 13
#[tokio::test]
async fn without_the_right_to_a_transaction_events_still_come_once() {
    let redis = TestRedis::start();
    let mut client = redis.client();
    let rights = "on >secret ~job_events:* +@all -multi -exec";
    let mut acl = redis::cmd("ACL");
    acl.arg("SETUSER").arg("writer");
    for right in rights.split(' ') {
        acl.arg(right);
    }
    acl.exec(&mut client).unwrap();
    let publisher = Publisher::connect(redis.url().replace("//", "//writer:secret@")).unwrap();
    let job = publisher.job("job_001", "t").unwrap();
    emit_rows(&job, 0..300);
    job.completed(&());
    assert!(publisher.flush(IN_TIME).await.complete);
    assert_eq!(
        seqs(&redis.entries("job_events:job_001")),
        (0..302).collect::<Vec<_>>()
    );
}

#[tokio::test]
async fn an_awaiting_caller_is_told_that_the_event_may_still_arrive() {
    let mut redis = TestRedis::start();
    redis.kill();
    let url = redis.url().replace("//", "//user:s3cret@");
    let publisher = Publisher::builder()
        .url(url)
        .publish_timeout(Duration::from_millis(50))
        .connect()
        .unwrap();
    let error = publisher
        .publish_task_started("job_001", "t", &())
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.may_still_arrive()),
        (ErrorKind::Timeout, true)
    );
    let text = error.to_string();
    assert!(
        text.starts_with("redis://127.0.0.1:")
            && text.contains("has not acknowledged task_started within 50ms"),
        "{text}"
    );
    assert!(!format!("{text} {error:?} {publisher:?}").contains("s3cret"));
    assert_eq!(publisher.stats().pending, 1);
}

#[tokio::test]
async fn a_run_that_begins_while_memory_is_full_is_leased_before_it_is_on_its_stream() {
    let redis = TestRedis::start();
    let publisher = Publisher::connect(redis.url()).unwrap();
    let _first = publisher.job("job_001", "t").unwrap();
    assert!(publisher.flush(IN_TIME).await.complete);
    redis.fill();
    let _second = publisher.job("job_002", "t").unwrap();
    // The lease and the event.
    let is_refused = || {
        let refused = redis.info("errorstats", "errorstat_OOM");
        refused
            .strip_prefix("count=")
            .is_some_and(|count| count != "1")
    };
    while !is_refused() {
        tokio::task::yield_now().await;
    }
    redis.unfill();
    assert!(publisher.flush(IN_TIME).await.complete);
    let mut leases = redis::cmd("ZCARD");
    let leases: usize = leases
        .arg("job_index:active")
        .query(&mut redis.client())
        .unwrap();
    assert_eq!(leases, 2);
}
