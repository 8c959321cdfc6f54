//! Redis away at the start, killed in the middle, frozen: jobs run on, and each event stands on the
//! stream once.
#![allow(clippy::unwrap_used)]

mod rows;

use std::convert::Infallible;
use std::time::Duration;

use rows::{emit_rows, flushed, holds};
use stream_events::{ErrorKind, Publisher, job_events, progress, publish};
use support::{TestRedis, seqs};
use tracing_subscriber::prelude::*;

/// Longer than any wait between two tries to connect, and than an answer is waited for.
const IN_TIME: Duration = Duration::from_secs(40);

/// Row 1
#[tokio::test]
async fn a_server_that_is_down_at_the_start_gets_all_when_it_comes() {
    let mut redis = TestRedis::start();
    redis.kill();
    let publisher = Publisher::connect(redis.url()).unwrap();
    let job = publisher.job("job_001", "t").unwrap();
    emit_rows(&job, 100);
    job.completed(&());
    let early = publisher.flush(Duration::from_millis(100)).await;
    assert!(!early.complete);
    assert_eq!((early.stats.emitted, early.stats.pending), (102, 102));
    redis.restart();
    let late = publisher.flush(IN_TIME).await;
    assert!(late.complete);
    assert_eq!((late.stats.delivered, late.stats.pending), (102, 0));
    holds(&redis, "job_001", 102);
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
            emit_rows(job, 50);
        }
        // Somewhere in the middle of the deliveries, another place each time.
        let delivered = publisher.stats().delivered;
        while publisher.stats().delivered < delivered + round * 30 {
            tokio::task::yield_now().await;
        }
        redis.kill();
        for job in &jobs {
            emit_rows(job, 10);
        }
        redis.restart();
    }
    jobs.iter().for_each(|job| job.completed(&"done"));
    flushed(&publisher).await;
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
    flushed(installed.publisher()).await;
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
    flushed(&publisher).await;
    redis.freeze();
    // Few enough that the server reads them at once, when it goes on: of more it would see,
    // halfway, that we are gone.
    emit_rows(&job, 20);
    // The connection is given up, another is tried, and the old bytes are still on their way.
    let report = publisher.flush(Duration::from_secs(7)).await;
    assert!(!report.complete && report.stats.delivered == 1, "{report}");
    let slowest = emit_rows(&job, 980);
    job.completed(&());
    redis.thaw();
    flushed(&publisher).await;
    holds(&redis, "job_001", 1002);
    // Less than an answer is waited for: no call waited for one.
    assert!(slowest < Duration::from_secs(5), "{slowest:?}");
}

/// Row 4
#[tokio::test]
async fn a_connection_that_is_cut_all_the_time_delivers_each_event_once() {
    let redis = TestRedis::start();
    let publisher = Publisher::connect(redis.url()).unwrap();
    let job = publisher.job("job_001", "t").unwrap();
    for round in 0..20 {
        emit_rows(&job, 100);
        redis.kill_connections();
        if round % 5 == 0 {
            flushed(&publisher).await;
        }
    }
    job.completed(&());
    flushed(&publisher).await;
    holds(&redis, "job_001", 2002);
}

/// Row 11
#[tokio::test]
async fn a_full_server_is_waited_for() {
    let redis = TestRedis::start();
    let publisher = Publisher::connect(redis.url()).unwrap();
    let job = publisher.job("job_001", "t").unwrap();
    flushed(&publisher).await;
    redis.fill();
    // Many at once: of a transaction nothing is done.
    emit_rows(&job, 10);
    job.completed(&());
    let early = publisher.flush(Duration::from_millis(300)).await;
    assert_eq!(
        (early.complete, early.stats.delivered, early.stats.pending),
        (false, 1, 11)
    );
    assert_eq!(seqs(&redis.entries("job_events:job_001")), [0]);
    redis.unfill();
    flushed(&publisher).await;
    holds(&redis, "job_001", 12);
    assert_eq!(publisher.stats().dropped.total(), 0);
}

/// Row 13
#[tokio::test]
async fn without_the_right_to_a_transaction_events_still_come_once() {
    let redis = TestRedis::start();
    redis.allow("writer", "on >secret ~job_events:* +@all -multi -exec");
    let publisher = Publisher::connect(redis.url().replace("//", "//writer:secret@")).unwrap();
    let job = publisher.job("job_001", "t").unwrap();
    emit_rows(&job, 300);
    job.completed(&());
    flushed(&publisher).await;
    holds(&redis, "job_001", 302);
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
    flushed(&publisher).await;
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
    flushed(&publisher).await;
    let mut leases = redis::cmd("ZCARD");
    let leases: usize = leases
        .arg("job_index:active")
        .query(&mut redis.client())
        .unwrap();
    assert_eq!(leases, 2);
}
