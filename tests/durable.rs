//! Ends that are to be durable before they count, where the connection on which that is waited for and the
//! one for events do not break together.
#![allow(clippy::unwrap_used)]

mod rows;
mod sharded;

use std::time::{Duration, Instant};

use rows::{flushed, runs};
use sharded::Fleet;
use stream_events::{Durability, Publisher};
use support::{TestCluster, TestRedis, seqs, wait_until};

fn publisher(url: String, level: Durability) -> Publisher {
    let builder = Publisher::builder().url(url);
    builder.durability(level).connect().unwrap()
}

/// Nothing is asked on the connection for what is durable as the server goes, and so nobody hears of it there.
#[tokio::test]
async fn an_end_is_made_durable_although_the_server_was_restarted_since_the_last_one() {
    let mut redis = TestRedis::with_aof();
    let publisher = publisher(redis.url(), Durability::Fsynced);
    publisher.job("job_001", "t").unwrap().completed(&());
    flushed(&publisher).await;
    redis.kill();
    redis.restart();
    publisher.job("job_002", "t").unwrap().completed(&());
    flushed(&publisher).await;
    for key in ["job_events:job_001", "job_events:job_002"] {
        assert_eq!(seqs(&redis.entries(key)), [0, 1]);
    }
}

/// Here nothing is asked on the connection for events, on which the end alone was acknowledged that is gone.
#[tokio::test]
async fn an_end_that_a_crash_takes_while_it_is_made_durable_is_written_again_without_another_event()
{
    let mut master = TestRedis::start();
    let replica = TestRedis::start();
    replica.follow(&master);
    let publisher = publisher(master.url(), Durability::Replicated(1));
    let started = publisher.publish_task_started("job_001", "t", &());
    started.await.unwrap();
    replica.freeze();
    let end = publisher.publish_task_completed("job_001", "t", &(), &());
    let crash = async {
        wait_until("it is made durable", || {
            master.info("clients", "blocked_clients") == "1"
        });
        master.kill();
        master.restart();
        replica.thaw();
    };
    let (ended, ()) = tokio::join!(end, crash);
    drop(ended);
    flushed(&publisher).await;
    assert_eq!(seqs(&master.entries("job_events:job_001")), [0, 1]);
}

/// They could wait for ever for a replica that is none; and until there is one they do.
#[tokio::test(flavor = "multi_thread")]
async fn without_a_replica_ends_wait_on_one_connection() {
    let cluster = TestCluster::start(2, 0);
    let publisher = publisher(cluster.url(), Durability::Replicated(1));
    let fleet = Fleet::begin(&publisher, 10);
    flushed(&publisher).await;
    let taken = || (0..2).map(|n| cluster.server(n).connections_taken());
    let before: u64 = taken().sum();
    fleet.end();
    assert!(!publisher.flush(Duration::from_secs(8)).await.complete);
    assert_eq!(publisher.stats().pending, 10);
    let more = taken().sum::<u64>() - before;
    // Those of what is looked at here.
    assert!(more < 5, "{more} connections more");
    let waits = |server| cluster.server(server).calls("wait");
    assert!(waits(0) > 1 && waits(1) > 1, "it is asked for");
}

/// Row 16: a wait for a replica that is away is one of 2.5 s, and those who are with another server wait for none of it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_one_server_lacks_its_replica_ends_on_others_are_durable_at_once() {
    let mut cluster = TestCluster::start(2, 2);
    let publisher = publisher(cluster.url(), Durability::Replicated(1));
    let of = |server, jobs| -> Vec<String> {
        let ids = (0..).map(|n| format!("job_{n}"));
        let is_there = |id: &String| cluster.owner(&format!("job_events:{id}")) == server;
        ids.filter(is_there).take(jobs).collect()
    };
    let (stuck, free) = (of(0, 5), of(1, 9));
    runs(&publisher, &free[0]).await;
    let replica = cluster.replicas_of(0)[0];
    cluster.freeze(replica);
    let end = |id: &str| publisher.job(id, "t").unwrap().completed(&());
    stuck.iter().for_each(|id| end(id));
    wait_until("an end waits for the replica", || {
        cluster.server(0).info("clients", "blocked_clients") == "1"
    });
    for id in &free[1..] {
        let started = publisher.publish_task_started(&**id, "t", &());
        started.await.unwrap();
        let begun = Instant::now();
        let ended = publisher.publish_task_completed(&**id, "t", &(), &());
        ended.await.unwrap();
        let took = begun.elapsed();
        assert!(took < Duration::from_secs(2), "{id}: {took:?}");
    }
    assert!(publisher.stats().pending >= 5, "{:?}", publisher.stats());
    cluster.thaw(replica);
    flushed(&publisher).await;
}
