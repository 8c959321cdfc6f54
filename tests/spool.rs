//! Starts and ends of runs that outlive their process while the store is away.
#![allow(clippy::unwrap_used)]

mod spooling;

use std::path::Path;
use std::time::{Duration, Instant};

use spooling::{IN_TIME, files, publisher, restores, types, wait_for};
use stream_events::{DEFAULT_FLUSH_TIMEOUT, ErrorKind, Fields, Item, Progress, Reader};
use support::{Door, Program, Proxy, TestRedis, scenario, seqs};
use tempfile::TempDir;

/// A child's part: leaves one run that has ended and one that has not, and does not come back.
fn leaves_two_runs() {
    let scenario = scenario().unwrap();
    let (url, folder) = scenario.split_once(' ').unwrap();
    let publisher = publisher(url, folder.as_ref());
    let done = publisher.job("job_001", "t").unwrap();
    done.progress(Progress::new("at work"));
    done.emit("row", Fields::new().field("n", &1));
    done.completed(&"result");
    let _at_work = publisher.job("job_002", "t").unwrap();
    wait_for(&publisher, "on the disk", |stats| stats.spooled == 3);
    println!("all is on the disk");
    loop {
        std::thread::park();
    }
}

fn killed_while_away(test: &str, url: &str, folder: &Path) {
    let scenario = format!("{url} {}", folder.display());
    let mut child = Program::again(test, &scenario).start();
    child.wait_for("all is on the disk");
    child.signal("KILL");
    assert!(!child.wait().status.success());
}

/// Row 25 while the store is away, and row 1: it was never there.
#[tokio::test]
async fn what_a_killed_process_could_not_deliver_is_delivered_by_the_next() {
    if scenario().is_some() {
        leaves_two_runs();
    }
    let (mut redis, folder) = (TestRedis::start(), TempDir::new().unwrap());
    redis.kill();
    killed_while_away(
        "what_a_killed_process_could_not_deliver_is_delivered_by_the_next",
        &redis.url(),
        folder.path(),
    );
    redis.restart();
    restores(&redis.url(), folder.path(), 4).await;
    let ended = redis.entries("job_events:job_001");
    assert_eq!(types(&ended), ["task_started", "task_completed"]);
    assert_eq!(seqs(&ended), [0, 3]);
    assert_eq!(ended[1].data()["result"], "result");
    let begun = redis.entries("job_events:job_002");
    assert_eq!(types(&begun), ["task_started", "task_failed"]);
    assert_eq!(begun[1].data()["error_kind"], "lost");
    assert_eq!(begun[0].data()["run"], begun[1].data()["run"]);
    // What was in memory alone is named.
    let reader = Reader::connect(redis.reader_url()).unwrap();
    let mut watch = reader.watch("job_001").unwrap();
    let mut gaps = Vec::new();
    while let Some(item) = watch.next().await {
        if let Item::Gap(gap) = item.unwrap() {
            gaps.push((gap.first, gap.count));
        }
    }
    assert_eq!(gaps, [(1, 2)]);
    assert_eq!(files(folder.path()), [""; 0]);
    restores(&redis.url(), folder.path(), 0).await;
}

#[tokio::test]
async fn a_process_that_lives_delivers_by_itself_and_leaves_nothing() {
    let (mut redis, folder) = (TestRedis::start(), TempDir::new().unwrap());
    let publisher = publisher(&redis.url(), folder.path());
    let job = publisher.job("job_001", "t").unwrap();
    wait_for(&publisher, "delivered", |stats| stats.delivered == 1);
    redis.kill();
    job.emit("row", Fields::new());
    job.completed(&());
    let other = publisher.job("job_002", "t").unwrap();
    wait_for(&publisher, "on the disk", |stats| stats.spooled == 2);
    redis.restart();
    other.completed(&());
    assert!(publisher.flush(IN_TIME).await.complete);
    let stats = publisher.stats();
    assert_eq!((stats.delivered, stats.spooled, stats.unspooled), (5, 0, 0));
    // The server had nothing on disk: the start was sent again.
    assert_eq!(seqs(&redis.entries("job_events:job_001")), [0, 1, 2]);
    assert_eq!(seqs(&redis.entries("job_events:job_002")), [0, 1]);
    assert!(publisher.shutdown(IN_TIME).await.complete);
    drop((job, other, publisher));
    restores(&redis.url(), folder.path(), 0).await;
    assert_eq!(files(folder.path()), [""; 0]);
}

#[tokio::test]
async fn what_a_shutdown_cannot_deliver_waits_for_the_next_process() {
    let (mut redis, folder) = (TestRedis::start(), TempDir::new().unwrap());
    redis.kill();
    let publisher = publisher(&redis.url(), folder.path());
    let _job = publisher.job("job_001", "t").unwrap();
    let awaiting = publisher.publish_task_failed("job_002", "t", "no", &());
    let shutdown = async {
        wait_for(&publisher, "emitted", |stats| stats.emitted == 2);
        publisher.shutdown(Duration::ZERO).await
    };
    let (failed, report) = tokio::join!(biased; awaiting, shutdown);
    let error = failed.unwrap_err();
    assert_eq!(
        (error.kind(), error.may_still_arrive()),
        (ErrorKind::Closed, true)
    );
    assert_eq!(
        error.to_string(),
        "the publisher is shut down; task_failed is in the spool, and is delivered by the next process that uses it"
    );
    let stats = report.stats;
    assert_eq!(
        (report.complete, stats.pending, stats.spooled),
        (false, 3, 3),
        "a start, its end as cancelled, and the other end: {stats:?}"
    );
    redis.restart();
    restores(&redis.url(), folder.path(), 3).await;
    let cancelled = redis.entries("job_events:job_001");
    assert_eq!(cancelled[1].data()["error_kind"], "cancelled");
    assert_eq!(types(&redis.entries("job_events:job_002")), ["task_failed"]);
}

/// The folder of a process that could not deliver a run.
async fn left_behind(url: &str) -> TempDir {
    let folder = TempDir::new().unwrap();
    let leaving = publisher(url, folder.path());
    leaving.job("job_001", "t").unwrap().completed(&());
    wait_for(&leaving, "on the disk", |stats| stats.spooled == 2);
    assert!(!leaving.shutdown(Duration::ZERO).await.complete);
    folder
}

#[tokio::test]
async fn a_process_that_is_soon_over_brings_back_what_others_have_left_where_that_can_be() {
    let mut redis = TestRedis::start();
    redis.kill();
    let (folder, other) = (
        left_behind(&redis.url()).await,
        left_behind(&redis.url()).await,
    );
    let began = Instant::now();
    drop(publisher(&redis.url(), other.path()).install());
    assert!(began.elapsed() < DEFAULT_FLUSH_TIMEOUT, "it is in vain");
    redis.restart();
    drop(publisher(&redis.url(), folder.path()).install());
    let entries = redis.entries("job_events:job_001");
    assert_eq!(types(&entries), ["task_started", "task_completed"]);
}

#[tokio::test]
async fn a_process_takes_nothing_of_one_that_lives_nor_of_another_store() {
    let (redis, folder) = (TestRedis::start(), TempDir::new().unwrap());
    let proxy = Proxy::to(&redis);
    proxy.door(Door::Shut);
    let cut_off = publisher(&proxy.url(), folder.path());
    let job = cut_off.job("job_001", "t").unwrap();
    job.completed(&());
    wait_for(&cut_off, "on the disk", |stats| stats.spooled == 2);
    let [file] = &files(folder.path())[..] else {
        panic!("one file")
    };
    // The same store, while it lives; after it is gone, another store.
    restores(&proxy.url(), folder.path(), 0).await;
    assert!(!cut_off.shutdown(Duration::ZERO).await.complete);
    restores(&redis.url(), folder.path(), 0).await;
    assert_eq!(&files(folder.path()), std::slice::from_ref(file));
    assert!(redis.entries("job_events:job_001").is_empty());
    proxy.heal();
    restores(&proxy.url(), folder.path(), 2).await;
    assert_eq!(seqs(&redis.entries("job_events:job_001")), [0, 1]);
}
