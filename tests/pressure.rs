//! A queue under pressure and a publisher at its end: what is coalesced, dropped, delivered, and how it is counted.
#![allow(clippy::unwrap_used)]

use std::time::Duration;

use serde_json::{Value, json};
use stream_events::{ErrorKind, Fields, Item, Progress, Publisher, Reader};
use support::{RawEntry, TestRedis};

const SOON: Duration = Duration::from_secs(30);

fn publisher(redis: &TestRedis, queue_bytes: usize) -> Publisher {
    let builder = Publisher::builder().url(redis.url());
    builder.queue_bytes(queue_bytes).connect().unwrap()
}

fn data(redis: &TestRedis, job: &str) -> Vec<Value> {
    let entries = redis.entries(&format!("job_events:{job}"));
    entries.iter().map(RawEntry::data).collect()
}

/// Row 38
#[tokio::test]
async fn progress_coalesces_under_pressure_and_the_counts_add_up() {
    let mut redis = TestRedis::start();
    redis.kill();
    let publisher = publisher(&redis, 200_000);
    let jobs: Vec<_> = (0..10)
        .map(|n| publisher.job(format!("job_{n}"), "t").unwrap())
        .collect();
    for n in 0..10_000 {
        for job in &jobs {
            job.progress(Progress::new("at work").current(n));
        }
    }
    jobs.iter().for_each(|job| job.completed(&()));
    let stats = publisher.stats();
    assert_eq!(stats.emitted, stats.coalesced + stats.pending);
    assert!(stats.coalesced > 99_000, "{stats:?}");
    redis.restart();
    assert!(publisher.flush(SOON).await.complete);
    let stats = publisher.stats();
    assert_eq!(
        (stats.emitted, stats.pending),
        (stats.delivered + stats.coalesced, 0)
    );
    for n in 0..10 {
        let entries = data(&redis, &format!("job_{n}"));
        let seqs: Vec<_> = entries
            .iter()
            .map(|data| data["seq"].as_u64().unwrap())
            .collect();
        assert_eq!(
            seqs,
            (0..entries.len() as u64).collect::<Vec<_>>(),
            "what is coalesced leaves no hole"
        );
        let [_, first, .., last, end] = &entries[..] else {
            panic!("{entries:?}")
        };
        assert_eq!(
            (&first["current"], &last["current"]),
            (&json!(0), &json!(9_999))
        );
        assert_eq!(end["event_type"], json!("task_completed"));
        let shown: u64 = entries[1..entries.len() - 1]
            .iter()
            .map(|data| 1 + data["coalesced"].as_u64().unwrap_or(0))
            .sum();
        assert_eq!(shown, 10_000);
    }
}

#[tokio::test]
async fn a_full_queue_drops_and_counts_but_never_an_end() {
    let mut redis = TestRedis::start();
    redis.kill();
    let publisher = publisher(&redis, 50_000);
    let job = publisher.job("job_001", "t").unwrap();
    for n in 0..500 {
        job.emit("row", Fields::new().field("n", &n));
    }
    let full = publisher
        .publish_event("job_001", &json!({"event_type": "one_more"}))
        .await
        .unwrap_err();
    assert_eq!(
        (full.kind(), full.may_still_arrive()),
        (ErrorKind::QueueFull, false)
    );
    assert!(
        full.to_string().starts_with(
            "the queue is full (50000 bytes): one_more of job `job_001` was not taken"
        )
    );
    let no_room = publisher.job("job_002", "t").unwrap_err();
    assert_eq!(no_room.kind(), ErrorKind::QueueFull);
    job.completed(&"x".repeat(10_000));
    redis.restart();
    assert!(publisher.flush(SOON).await.complete);

    let stats = publisher.stats();
    assert_eq!(stats.emitted, 504);
    assert_eq!(stats.delivered + stats.dropped.queue_full, 504);
    let entries = data(&redis, "job_001");
    let end = entries.last().unwrap();
    assert_eq!(
        (&end["event_type"], &end["truncated"]),
        (&json!("task_completed"), &json!(true))
    );
    assert_eq!(
        end["seq"],
        json!(502),
        "what was dropped is a hole before the end"
    );

    let mut watch = Reader::connect(redis.reader_url())
        .unwrap()
        .watch("job_001")
        .unwrap();
    let mut missing = 0;
    while let Some(item) = watch.next().await {
        if let Item::Gap(gap) = item.unwrap() {
            missing += gap.count;
        }
    }
    assert_eq!(
        missing,
        stats.dropped.queue_full - 1,
        "all but the event of the run that never began"
    );
}

#[tokio::test]
async fn after_its_end_a_run_takes_nothing_and_after_shutdown_a_publisher() {
    let redis = TestRedis::start();
    let publisher = Publisher::connect(redis.url()).unwrap();
    let job = publisher.job("job_001", "t").unwrap();
    job.failed("first");
    job.completed(&"second");
    job.progress("late");
    drop(job);
    let report = publisher.shutdown(SOON).await;
    assert!(report.complete);
    assert_eq!(
        (
            report.stats.delivered,
            report.stats.dropped.after_end,
            report.stats.pending
        ),
        (2, 2, 0)
    );
    assert_eq!(redis.entries("job_events:job_001").len(), 2);

    let closed = publisher.publish_event("job_001", &()).await.unwrap_err();
    assert_eq!(
        (closed.kind(), closed.to_string().as_str()),
        (
            ErrorKind::Closed,
            "the publisher is shut down; the event was not sent"
        )
    );
    assert_eq!(
        publisher.job("job_002", "t").unwrap_err().kind(),
        ErrorKind::Closed
    );
    assert!(publisher.flush(SOON).await.complete && publisher.shutdown(SOON).await.complete);
    assert_eq!(publisher.stats().dropped.shut_down, 2);
}

#[tokio::test]
async fn a_shutdown_that_runs_out_of_time_says_what_is_lost() {
    let mut redis = TestRedis::start();
    redis.kill();
    let publisher = Publisher::connect(redis.url()).unwrap();
    let waiting = publisher.clone();
    let waiter =
        tokio::spawn(async move { waiting.publish_task_started("job_001", "t", &()).await });
    while publisher.stats().pending == 0 {
        tokio::task::yield_now().await;
    }
    let report = publisher.shutdown(Duration::from_millis(50)).await;
    assert!(!report.complete);
    assert_eq!(
        (report.stats.dropped.shut_down, report.stats.pending),
        (1, 0)
    );
    assert_eq!(waiter.await.unwrap().unwrap_err().kind(), ErrorKind::Closed);
}

#[tokio::test]
async fn what_is_still_at_work_at_the_end_has_an_end_too() {
    let redis = TestRedis::start();
    let publisher = Publisher::connect(redis.url()).unwrap();
    let job = publisher.job("job_001", "t").unwrap();
    let same = publisher.job("job_001", "t").unwrap();
    // Its end may come from another process.
    publisher
        .publish_task_started("job_002", "t", &())
        .await
        .unwrap();
    let report = publisher.shutdown(SOON).await;
    assert!(report.complete, "{report}");
    job.completed(&"too late");
    drop(same);
    let entries = data(&redis, "job_001");
    for run in [job.run_id(), entries[1]["run"].as_str().unwrap()] {
        let of_run: Vec<_> = entries.iter().filter(|data| data["run"] == *run).collect();
        assert_eq!(of_run.len(), 2);
        let end = &of_run[1];
        assert_eq!(
            (&end["event_type"], &end["error_kind"]),
            (&json!("task_failed"), &json!("cancelled"))
        );
        assert_eq!(
            end["error"],
            json!("the publisher was shut down before the job was done")
        );
    }
    assert_eq!(redis.entries("job_events:job_002").len(), 1);
}

#[tokio::test]
async fn no_time_is_too_short_or_too_long() {
    let redis = TestRedis::start();
    for time in [Duration::ZERO, Duration::MAX] {
        let publisher = Publisher::builder()
            .url(redis.url())
            .publish_timeout(Duration::MAX)
            .retention_while_running(time)
            .retention_after_end(time)
            .connect()
            .unwrap();
        publisher
            .publish_task_started("job_001", "t", &())
            .await
            .unwrap();
        publisher
            .publish_task_completed("job_001", "t", &(), &())
            .await
            .unwrap();
        let ttl = redis.kept("job_events:job_001");
        assert!(ttl >= 0, "{ttl}");
        let _ = publisher.flush(time).await;
        let _ = publisher.shutdown(time).await;
    }
}

/// Row 31
#[test]
fn no_runtime_is_needed_and_the_guard_delivers_what_waits() {
    let redis = TestRedis::start();
    let installed = Publisher::connect(redis.url()).unwrap().install();
    for n in 0..100 {
        installed
            .publisher()
            .job(format!("job_{n}"), "t")
            .unwrap()
            .completed(&());
    }
    drop(installed);
    assert_eq!(redis.entries("job_events:job_99").len(), 2);
}
