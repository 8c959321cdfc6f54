//! Servers that sentinels watch: publishers and readers follow the master to where it is.
#![allow(clippy::unwrap_used)]

mod readers;
mod rows;

use std::time::Duration;

use futures_util::StreamExt;
use readers::Readers;
use rows::{emit_rows, flushed, master_holds};
use stream_events::{Job, Publisher, Reader};
use support::{TestSentinel, wait_until};

/// Ends the job, and another one, and sees to it that all of it is on the master and with all readers.
async fn finished(
    publisher: &Publisher,
    job: Job,
    redis: &TestSentinel,
    last: u64,
    readers: Readers,
) {
    job.completed(&());
    flushed(publisher).await;
    publisher.job("job_002", "t").unwrap().completed(&());
    flushed(publisher).await;
    master_holds(redis, "job_001", last + 1);
    readers.finish().await;
    let history = publisher.reader().history("job_001").unwrap();
    let history: Vec<_> = history.map(Result::unwrap).collect().await;
    assert_eq!(history.len() as u64, last + 1);
}

/// Rows 14 and 16
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_master_that_is_killed_is_followed_to_the_next() {
    let mut redis = TestSentinel::start().ready();
    let publisher = Publisher::connect(redis.url()).unwrap();
    let job = publisher.job("job_001", "t").unwrap();
    let readers = Readers::of(&Reader::connect(redis.url()).unwrap(), 301);
    emit_rows(&job, 100);
    flushed(&publisher).await;
    redis.servers()[0].kill();
    emit_rows(&job, 100);
    let _ = redis.another_than(0);
    flushed(&publisher).await;
    emit_rows(&job, 100);
    finished(&publisher, job, &redis, 301, readers).await;
}

/// Rows 3 and 16: it takes writes for some seconds more, which are lost when it is demoted.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_frozen_master_takes_when_it_is_none_any_more_is_replayed() {
    let redis = TestSentinel::start().ready();
    let publisher = Publisher::connect(redis.url()).unwrap();
    let job = publisher.job("job_001", "t").unwrap();
    let readers = Readers::of(&Reader::connect(redis.url()).unwrap(), 301);
    emit_rows(&job, 100);
    flushed(&publisher).await;
    let old = redis.server(0);
    old.freeze();
    emit_rows(&job, 100);
    let _ = redis.another_than(0);
    old.thaw();
    assert_eq!(old.info("replication", "role"), "master");
    emit_rows(&job, 100);
    flushed(&publisher).await;
    // That counted as delivered where the old master had taken it.
    master_holds(&redis, "job_001", 301);
    finished(&publisher, job, &redis, 301, readers).await;
    redis.is_settled(0);
    wait_until("the old master has the same by now", || {
        let master = redis.server(redis.master());
        old.entries("job_events:job_001") == master.entries("job_events:job_001")
    });
}

/// Row 14
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failover_that_was_asked_for_loses_nothing() {
    let redis = TestSentinel::start().ready();
    let publisher = Publisher::connect(redis.url()).unwrap();
    let job = publisher.job("job_001", "t").unwrap();
    let readers = Readers::of(&Reader::connect(redis.url()).unwrap(), 301);
    emit_rows(&job, 100);
    flushed(&publisher).await;
    std::thread::scope(|threads| {
        let failover = threads.spawn(|| redis.fail_over());
        for _ in 0..200 {
            emit_rows(&job, 1);
            std::thread::sleep(Duration::from_millis(10));
        }
        let _ = failover.join().unwrap();
    });
    finished(&publisher, job, &redis, 301, readers).await;
}
