//! A master that is none any more and answers on: whoever is on it notices in bounded time.
#![allow(clippy::unwrap_used)]

mod rows;

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use rows::{emit_rows, flushed, holds};
use stream_events::{Item, Publisher, Reader};
use support::{Sentinel, TestRedis, TestSentinel, url_of, wait_until};
use tokio::time::timeout;

const IN_TIME: Duration = Duration::from_secs(60);
/// Until a connection ends whose server is not the master any more, at most.
const LEFT_IN: Duration = Duration::from_secs(5);

/// Row 14: it answers on, so that neither a connection breaks nor an answer is late. The sentinels hear of
/// it later still.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_demoted_master_takes_no_writes_and_is_not_gone_back_to() {
    let (old, new) = (TestRedis::start(), TestRedis::start());
    new.follow(&old);
    let sentinel = Sentinel::alone(&old);
    let publisher = Publisher::builder()
        .url(url_of([&sentinel]))
        .publish_timeout(Duration::from_secs(3))
        .connect()
        .unwrap();
    let job = publisher.job("job_001", "t").unwrap();
    flushed(&publisher).await;
    wait_until("the replica has it", || {
        new.entries("job_events:job_001").len() == 1
    });
    new.promote();
    old.follow(&new);
    emit_rows(&job, 100);
    let refused = publisher.publish_task_started("job_002", "t", &()).await;
    let refused = refused.unwrap_err().to_string();
    assert!(refused.contains("it says `slave` of itself"), "{refused}");
    sentinel.name(&new);
    flushed(&publisher).await;
    holds(&new, "job_001", 101);
}

/// Row 14: nothing that is read of it says so.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_leave_a_master_that_lost_sight_of_the_others_in_bounded_time() {
    let (old, new) = (TestRedis::start(), TestRedis::start());
    let sentinel = Sentinel::alone(&old);
    let early = Publisher::connect(old.url()).unwrap();
    let _at_work = early.job("job_001", "t").unwrap();
    flushed(&early).await;
    let reader = Reader::connect(url_of([&sentinel])).unwrap();
    let mut watches = [
        reader.watch("job_001").unwrap(),
        reader.hub().watch("job_001").unwrap(),
    ];
    for watch in &mut watches {
        let first = timeout(IN_TIME, watch.next()).await.unwrap();
        assert!(matches!(first, Some(Ok(Item::Event(_)))), "{first:?}");
    }
    // All that the new one has and the old one does not is what comes now.
    new.follow(&old);
    new.promote();
    sentinel.name(&new);
    let moved = Instant::now();
    let later = Publisher::connect(new.url()).unwrap();
    later.job("job_001", "t").unwrap().completed(&());
    flushed(&later).await;
    for watch in &mut watches {
        let next = timeout(IN_TIME, watch.next()).await.unwrap();
        assert!(matches!(next, Some(Ok(Item::Event(_)))), "{next:?}");
    }
    let left = moved.elapsed();
    assert!(left < 2 * LEFT_IN, "{left:?}");
    assert_eq!(
        old.info("replication", "role"),
        "master",
        "it is there still"
    );
}

/// Row 14: writes of whoever is on the wrong side, too, are not long on a master that is none.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_written_on_the_wrong_side_is_on_the_right_one_soon() {
    let (old, mut redis) = (TestRedis::start(), TestSentinel::start());
    let alone = Sentinel::alone(&old);
    redis.sentinels().iter().for_each(Sentinel::freeze);
    let all = redis.sentinels().iter().chain([&alone]);
    let publisher = Publisher::connect(url_of(all)).unwrap();
    let job = publisher.job("job_001", "t").unwrap();
    emit_rows(&job, 100);
    flushed(&publisher).await;
    holds(&old, "job_001", 101);
    redis.sentinels().iter().for_each(Sentinel::thaw);
    let master = redis.server(0);
    wait_until("what the other had is replayed", || {
        master.entries("job_events:job_001").len() == 101
    });
    emit_rows(&job, 10);
    flushed(&publisher).await;
    holds(master, "job_001", 111);
    assert_eq!(publisher.stats().replayed, 101);
}

/// Many connections of a store ask as often as one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn however_many_connections_there_are_the_sentinels_are_asked_by_one() {
    let redis = TestRedis::start();
    let sentinel = Sentinel::alone(&redis);
    let publisher = Publisher::connect(redis.url()).unwrap();
    let jobs: Vec<_> = (0..50)
        .map(|n| publisher.job(format!("job_{n}"), "t").unwrap())
        .collect();
    flushed(&publisher).await;
    let reader = Reader::connect(url_of([&sentinel])).unwrap();
    let mut watches: Vec<_> = (0..50)
        .map(|n| reader.watch(format!("job_{n}")).unwrap())
        .collect();
    let mut seen = BTreeSet::new();
    for watch in &mut watches {
        let first = timeout(IN_TIME, watch.next())
            .await
            .unwrap()
            .unwrap()
            .unwrap();
        let Item::Event(event) = first else {
            panic!("{first:?}")
        };
        seen.insert(event.job_id().unwrap().to_owned());
    }
    assert_eq!(seen.len(), 50);
    let waiting = watches
        .into_iter()
        .map(|mut watch| tokio::spawn(async move { watch.next().await.map(drop) }));
    let waiting: Vec<_> = waiting.collect();
    // The time is what this is about: each of them lasts longer than one may be without a look.
    let before = sentinel.connections_taken();
    tokio::time::sleep(Duration::from_secs(6)).await;
    // This one's is counted, too; of all of them by themselves it would be some 150.
    let asked = sentinel.connections_taken() - before - 1;
    assert!((2..=10).contains(&asked), "{asked}");
    drop(jobs);
    for waiting in waiting {
        waiting.await.unwrap();
    }
}

/// What the sentinels say has to be so.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_is_not_given_up_for_a_server_that_is_no_master() {
    let (redis, demoted) = (TestRedis::start(), TestRedis::start());
    demoted.demote();
    let sentinel = Sentinel::alone(&redis);
    let publisher = Publisher::connect(url_of([&sentinel])).unwrap();
    let job = publisher.job("job_001", "t").unwrap();
    flushed(&publisher).await;
    let (taken, before) = (redis.connections_taken(), demoted.connections_taken());
    sentinel.name(&demoted);
    let mut ours = 0;
    wait_until("the other is asked, again and again", || {
        ours += 1;
        // Two are the sentinel's own.
        demoted.connections_taken() >= before + ours + 2 + 3
    });
    emit_rows(&job, 10);
    flushed(&publisher).await;
    holds(&redis, "job_001", 11);
    // This one's, and that of `holds`.
    assert_eq!(redis.connections_taken(), taken + 2);
}
