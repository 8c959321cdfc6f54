//! Servers of a cluster that are lost, silent, or not there yet.
#![allow(clippy::unwrap_used)]

mod apart;
mod rows;
mod sharded;

use std::thread;
use std::time::{Duration, Instant};

use apart::{SOON, start_in_parts};
use rows::flushed;
use serde_json::json;
use sharded::{Fleet, LONG, has};
use stream_events::Publisher;
use support::TestCluster;

#[tokio::test(flavor = "multi_thread")]
async fn what_a_master_had_that_was_killed_is_there_after_the_failover_once_and_in_order() {
    let mut cluster = TestCluster::start(3, 3);
    let publisher = Publisher::connect(cluster.url()).unwrap();
    let fleet = Fleet::begin(&publisher, 30);
    let mut rows = 0;
    let mut emit = |times: u64| {
        for _ in 0..times {
            fleet.emit(1);
            rows += 1;
            thread::sleep(Duration::from_millis(5));
        }
    };
    emit(100);
    let key = fleet.keys().next().unwrap();
    let killed = cluster.kill_master(&key);
    emit(400);
    cluster.wait("a replica has taken over", |cluster| {
        cluster.owner(&key) != killed
    });
    emit(100);
    fleet.end();
    flushed(&publisher).await;
    fleet.is_exact(&cluster, rows + 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_frozen_holds_up_no_job_of_the_others() {
    let cluster = start_in_parts();
    let publisher = Publisher::connect(cluster.url()).unwrap();
    let fleet = Fleet::begin(&publisher, 30);
    fleet.emit(5);
    flushed(&publisher).await;
    // The leases are on the server of their key.
    let frozen = (cluster.owner("job_index:active") + 1) % 3;
    let stuck = fleet.on(&cluster, frozen);
    let free: Vec<_> = fleet.ids().filter(|id| !stuck.contains(id)).collect();
    assert!(!stuck.is_empty() && !free.is_empty());
    cluster.server(frozen).freeze();
    let mut slowest = Duration::ZERO;
    for round in 0..50 {
        fleet.emit(1);
        let id = &free[round % free.len()];
        let before = Instant::now();
        let mark = json!({"event_type": "mark"});
        publisher.publish_event(&**id, &mark).await.unwrap();
        slowest = slowest.max(before.elapsed());
    }
    assert!(slowest < SOON, "{slowest:?}");
    let pending = publisher.stats().pending;
    assert!(pending >= 50 * stuck.len() as u64, "{pending}");
    cluster.server(frozen).thaw();
    cluster.wait_until_ok();
    fleet.end();
    flushed(&publisher).await;
    stuck.iter().for_each(|id| has(&cluster, id, 57));
}

#[tokio::test(flavor = "multi_thread")]
async fn where_one_server_is_away_from_the_start_the_others_are_at_work() {
    let mut cluster = start_in_parts();
    let away = cluster.kill_master("job_events:job_0");
    let publisher = Publisher::connect(cluster.url()).unwrap();
    let fleet = Fleet::begin(&publisher, 30);
    fleet.emit(5);
    let stuck = fleet.on(&cluster, away);
    let free = fleet.ids().find(|id| !stuck.contains(id)).unwrap();
    let before = Instant::now();
    let mark = json!({"event_type": "mark"});
    publisher.publish_event(&*free, &mark).await.unwrap();
    let after = before.elapsed();
    assert!(after < SOON, "{after:?}");
    assert!(!publisher.flush(Duration::from_millis(500)).await.complete);
    cluster.restart(away);
    fleet.end();
    flushed(&publisher).await;
    stuck.iter().for_each(|id| has(&cluster, id, 7));
}

/// Also where nothing is written to it meanwhile, by which its loss would be noticed.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_comes_back_empty_gets_what_it_had() {
    let mut cluster = start_in_parts();
    let publisher = Publisher::connect(cluster.url()).unwrap();
    let fleet = Fleet::begin(&publisher, 30);
    fleet.emit(20);
    flushed(&publisher).await;
    let empty = (cluster.owner("job_index:active") + 1) % 3;
    let lost = fleet.on(&cluster, empty);
    cluster.kill(empty);
    cluster.restart(empty);
    cluster.wait_until_ok();
    // What happens on others is enough.
    let other = fleet.ids().find(|id| !lost.contains(id)).unwrap();
    let until = Instant::now() + LONG;
    while publisher.stats().replayed < 21 * lost.len() as u64 {
        assert!(Instant::now() < until, "{}", publisher.stats().replayed);
        let mark = json!({"event_type": "mark"});
        publisher.publish_event(&*other, &mark).await.unwrap();
        thread::sleep(Duration::from_millis(20));
    }
    lost.iter().for_each(|id| has(&cluster, id, 21));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_that_comes_late_or_comes_back_empty_gets_all() {
    let mut cluster = TestCluster::start(3, 0);
    let stop = |cluster: &mut TestCluster| {
        for server in 0..3 {
            cluster.kill(server);
        }
    };
    stop(&mut cluster);
    let publisher = Publisher::connect(cluster.url()).unwrap();
    let fleet = Fleet::begin(&publisher, 30);
    fleet.emit(20);
    assert!(!publisher.flush(Duration::from_millis(500)).await.complete);
    (0..3).for_each(|server| cluster.restart(server));
    flushed(&publisher).await;
    fleet.is_exact(&cluster, 21);
    stop(&mut cluster);
    fleet.emit(20);
    (0..3).for_each(|server| cluster.restart(server));
    fleet.end();
    flushed(&publisher).await;
    fleet.is_exact(&cluster, 42);
    assert_eq!(publisher.stats().replayed, 30 * 21);
}
