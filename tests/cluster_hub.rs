//! Many watches over the servers of a cluster: each server tells what changes there.
#![allow(clippy::unwrap_used)]

mod followed;
mod sharded;

use std::time::{Duration, Instant};

use followed::followed_all;
use redis::Connection;
use sharded::{Fleet, LONG};
use stream_events::{Publisher, Reader, WatchMany};
use support::{TestCluster, cluster_rights, rights, wait_until};
use tokio::time::timeout;

/// Each row comes soon after it was emitted. Without a word from a server the hub looks every 5 s.
async fn is_prompt(fleet: &Fleet, watch: &mut WatchMany, jobs: usize) {
    for _ in 0..jobs {
        timeout(LONG, watch.next())
            .await
            .expect("it has begun")
            .unwrap()
            .1
            .unwrap();
    }
    let begun = Instant::now();
    for _ in 0..8 {
        fleet.emit(1);
        for _ in 0..jobs {
            timeout(LONG, watch.next())
                .await
                .expect("a row comes")
                .unwrap()
                .1
                .unwrap();
        }
    }
    let took = begun.elapsed();
    assert!(took < Duration::from_secs(15), "{took:?}");
}

fn tracking(cluster: &TestCluster, server: usize) -> String {
    cluster.server(server).info("clients", "tracking_clients")
}

#[tokio::test(flavor = "multi_thread")]
async fn watches_of_jobs_on_all_servers_share_one_connection_to_each() {
    let mut cluster = TestCluster::start(3, 0);
    let publisher = Publisher::connect(cluster.url()).unwrap();
    let reader = Reader::connect(cluster.reader_url()).unwrap();
    let ids: Vec<_> = (0..20).map(|n| format!("job_{n}")).collect();
    let mut watch = reader.watch_many(ids.clone()).unwrap();
    let followed = followed_all(&mut watch, 20, 12);
    let work = async {
        let fleet = Fleet::begin(&publisher, 20);
        fleet.emit(5);
        assert!(publisher.flush(LONG).await.complete);
        for server in 0..3 {
            cluster.wait("it is told", |cluster| tracking(cluster, server) == "1");
        }
        // Some of them go on where nobody was told of anything before.
        let new = cluster.add_node();
        for id in &ids[..10] {
            cluster.move_slot(cluster.slot(&format!("job_events:{id}")), new);
        }
        fleet.emit(5);
        assert!(publisher.flush(LONG).await.complete);
        cluster.wait("it is told there, too", |cluster| {
            tracking(cluster, new) == "1"
        });
        fleet.end();
        assert!(publisher.flush(LONG).await.complete);
    };
    tokio::join!(followed, work);
}

/// Nothing is there that could be told of when its slot moves.
#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_begins_on_a_server_that_is_new_is_heard_of() {
    let mut cluster = TestCluster::start(2, 0);
    let reader = Reader::connect(cluster.reader_url()).unwrap();
    let mut watch = reader.watch_many(["job_0"]).unwrap();
    let followed = followed_all(&mut watch, 1, 2);
    let work = async {
        for server in 0..2 {
            cluster.wait("it is told", |cluster| tracking(cluster, server) == "1");
        }
        let new = cluster.add_node();
        cluster.move_slot(cluster.slot("job_events:job_0"), new);
        let publisher = Publisher::connect(cluster.url()).unwrap();
        Fleet::begin(&publisher, 1).end();
        assert!(publisher.flush(LONG).await.complete);
        Instant::now()
    };
    let ((), published) = tokio::join!(followed, work);
    let after = published.elapsed();
    assert!(after < Duration::from_secs(10), "{after:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn where_no_server_may_tell_all_are_asked_in_rounds() {
    let cluster = TestCluster::start(3, 0);
    let rules = [rights("reader"), cluster_rights("reader")].concat();
    let rules = rules.into_iter().filter(|rule| *rule != "+client|tracking");
    let rules = format!("on >pass {}", rules.collect::<Vec<_>>().join(" "));
    for server in 0..3 {
        cluster.server(server).allow("quiet", &rules);
    }
    let publisher = Publisher::connect(cluster.url()).unwrap();
    let url = cluster.url().replace("://", "://quiet:pass@");
    let reader = Reader::connect(url).unwrap();
    let mut watch = reader
        .watch_many((0..20).map(|n| format!("job_{n}")))
        .unwrap();
    let fleet = Fleet::begin(&publisher, 20);
    is_prompt(&fleet, &mut watch, 20).await;
    assert!((0..3).all(|server| tracking(&cluster, server) == "0"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_changes_on_any_server_is_read_at_once() {
    let cluster = TestCluster::start(3, 0);
    let publisher = Publisher::connect(cluster.url()).unwrap();
    let reader = Reader::connect(cluster.reader_url()).unwrap();
    let mut watch = reader
        .watch_many((0..20).map(|n| format!("job_{n}")))
        .unwrap();
    let fleet = Fleet::begin(&publisher, 20);
    is_prompt(&fleet, &mut watch, 20).await;
    assert!((0..3).all(|server| tracking(&cluster, server) == "1"));
}

/// What all servers say of themselves, added up.
fn sum(clients: &mut [Connection], section: &str, name: &str) -> u64 {
    let number = |client: &mut Connection| {
        let text: String = redis::cmd("INFO").arg(section).query(client).unwrap();
        let values = text.lines().filter_map(|line| line.strip_prefix(name));
        let numbers = values.filter_map(|value| {
            let digits = value.trim_start_matches(|c: char| !c.is_ascii_digit());
            let end = digits.find(|c: char| !c.is_ascii_digit());
            digits[..end.unwrap_or(digits.len())].parse::<u64>().ok()
        });
        numbers.sum::<u64>()
    };
    clients.iter_mut().map(number).sum()
}

/// A fleet of hubs would have the server that they ask greet somebody all the time.
#[tokio::test(flavor = "multi_thread")]
async fn how_the_cluster_is_is_asked_on_connections_that_are_there() {
    let cluster = TestCluster::start(2, 0);
    let reader = Reader::connect(cluster.reader_url()).unwrap();
    let mut watch = reader.watch_many(["job_0"]).unwrap();
    let watching = tokio::spawn(async move { watch.next().await });
    for server in 0..2 {
        cluster.wait("it is told", |cluster| tracking(cluster, server) == "1");
    }
    let mut clients: Vec<_> = (0..2).map(|n| cluster.server(n).client()).collect();
    let mut asked = || sum(&mut clients, "commandstats", "cmdstat_cluster");
    let before = asked();
    wait_until("a hub asks how the cluster is", || asked() > before);
    let taken = sum(&mut clients, "stats", "total_connections_received");
    let mut asked = || sum(&mut clients, "commandstats", "cmdstat_cluster");
    let before = asked();
    wait_until("it asks again", || asked() > before + 2);
    let more = sum(&mut clients, "stats", "total_connections_received");
    assert_eq!(more, taken);
    watching.abort();
}

/// Of each by itself it would be as many as there are watches.
#[tokio::test(flavor = "multi_thread")]
async fn what_quiet_watches_ask_of_the_leases_of_a_server_is_asked_together() {
    let cluster = TestCluster::start(2, 0);
    let publisher = Publisher::connect(cluster.url()).unwrap();
    let fleet = Fleet::begin(&publisher, 40);
    assert!(publisher.flush(LONG).await.complete);
    let reader = Reader::connect(cluster.reader_url()).unwrap();
    let reader = reader.with_grace(Duration::from_millis(300));
    let mut watch = reader.watch_many(fleet.ids()).unwrap();
    let watching = tokio::spawn(async move { while watch.next().await.is_some() {} });
    let mut clients: Vec<_> = (0..2).map(|n| cluster.server(n).client()).collect();
    let mut calls = |name: &str| sum(&mut clients, "commandstats", &format!("cmdstat_{name}:"));
    wait_until("they are quiet, and known", || calls("exists") > 40);
    let (before, alone) = (calls("exists"), calls("zscore"));
    wait_until("they are looked after", || calls("exists") > before + 80);
    assert_eq!(calls("zscore"), alone);
    watching.abort();
}
