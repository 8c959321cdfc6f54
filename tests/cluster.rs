//! A cluster as a store: the same contract as on one server, over many.
#![allow(clippy::unwrap_used)]

mod sharded;

use std::time::Duration;

use futures_util::StreamExt;
use serde_json::json;
use sharded::{Fleet, LONG};
use stream_events::{Durability, ErrorKind, Item, Publisher, Reader};
use support::{TestCluster, wait_until};

#[tokio::test(flavor = "multi_thread")]
async fn jobs_on_all_servers_stand_on_their_streams_in_order_and_once() {
    let cluster = TestCluster::start(3, 0);
    let publisher = Publisher::connect(cluster.url()).unwrap();
    let fleet = Fleet::begin(&publisher, 60);
    fleet.emit(50);
    fleet.end();
    let report = publisher.shutdown(LONG).await;
    assert!(report.complete, "{report}");
    assert_eq!(report.stats.delivered, 60 * 52);
    fleet.is_exact(&cluster, 52);
    let owners: Vec<_> = fleet.keys().map(|key| cluster.owner(&key)).collect();
    assert!((0..3).all(|server| owners.contains(&server)), "{owners:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_server_of_it_tells_of_all_the_others() {
    let cluster = TestCluster::start(3, 0);
    let url = format!("redis+cluster://127.0.0.1:{}/0", cluster.server(1).port());
    let publisher = Publisher::connect(url).unwrap();
    let fleet = Fleet::begin(&publisher, 20);
    let id = publisher
        .publish_event("job_x", &json!({"event_type": "row"}))
        .await
        .unwrap();
    assert_eq!(cluster.entries("job_events:job_x")[0].id, id.to_string());
    fleet.end();
    assert!(publisher.flush(LONG).await.complete);
    fleet.is_exact(&cluster, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_on_all_servers_is_read_as_from_one() {
    let cluster = TestCluster::start(3, 0);
    let publisher = Publisher::connect(cluster.url()).unwrap();
    let reader = Reader::connect(cluster.reader_url()).unwrap();
    let fleet = Fleet::begin(&publisher, 12);
    fleet.emit(30);
    let mut watches: Vec<_> = fleet.ids().map(|id| reader.watch(id).unwrap()).collect();
    for watch in &mut watches {
        assert!(matches!(watch.next().await, Some(Ok(Item::Event(_)))));
    }
    fleet.end();
    assert!(publisher.flush(LONG).await.complete);
    for mut watch in watches {
        let mut last = 0;
        while let Some(item) = watch.next().await {
            let Ok(Item::Event(event)) = item else {
                panic!("{item:?}")
            };
            assert_eq!(event.seq(), Some(last + 1));
            last += 1;
        }
        assert_eq!(last, 31);
    }
    for id in fleet.ids() {
        assert_eq!(reader.history(&*id).unwrap().count().await, 32);
        let state = reader.state(&*id).await.unwrap().unwrap();
        assert_eq!(state.status, stream_events::Status::Completed);
    }
    let jobs = reader
        .jobs("status:completed".parse().unwrap())
        .page()
        .await
        .unwrap();
    assert_eq!(jobs.jobs.len(), 12);
}

/// `WAIT`, on the connection of each server that has something.
#[tokio::test(flavor = "multi_thread")]
async fn ends_on_all_servers_are_replicated_before_they_count() {
    let cluster = TestCluster::start(3, 3);
    let builder = Publisher::builder().url(cluster.url());
    let publisher = builder
        .durability(Durability::Replicated(1))
        .connect()
        .unwrap();
    let fleet = Fleet::begin(&publisher, 30);
    fleet.end();
    let report = publisher.flush(LONG).await;
    assert!(report.complete, "{report}");
    assert_eq!(report.stats.unconfirmed, 0);
    fleet.is_exact(&cluster, 2);
    let waits = (0..3).map(|master| cluster.server(master).info("commandstats", "cmdstat_wait"));
    for waited in waits {
        assert!(waited.starts_with("calls="), "each was asked: {waited:?}");
    }
}

/// What was written last on one server says nothing of another.
#[tokio::test(flavor = "multi_thread")]
async fn ends_on_a_server_without_its_replica_wait_and_no_others_do() {
    let mut cluster = TestCluster::start(3, 3);
    let builder = Publisher::builder().url(cluster.url());
    let publisher = builder
        .durability(Durability::Replicated(1))
        .connect()
        .unwrap();
    let fleet = Fleet::begin(&publisher, 30);
    assert!(publisher.flush(LONG).await.complete);
    // Not that of the one that is written to last.
    let last = fleet.keys().last().unwrap();
    let quiet = (cluster.owner(&last) + 1) % 3;
    let alone = fleet.on(&cluster, quiet).len() as u64;
    cluster.kill(3 + quiet);
    fleet.end();
    assert!((1..30).contains(&alone));
    wait_until("the others count", || publisher.stats().pending == alone);
    assert!(!publisher.flush(Duration::from_secs(3)).await.complete);
    assert_eq!(publisher.stats().pending, alone);
    cluster.restart(3 + quiet);
    assert!(publisher.flush(LONG).await.complete);
}

#[tokio::test]
async fn a_wrong_url_says_which_one_is_right() {
    let cluster = TestCluster::start(1, 0);
    let refused = |url: &str| {
        let error = Publisher::connect(url.to_owned()).err().unwrap();
        assert_eq!(error.kind(), ErrorKind::InvalidUrl);
        error.to_string()
    };
    let database = refused("redis+cluster://u:s3cret@a:1,b/2");
    assert!(
        database.starts_with(
            "the store URL `redis+cluster://a:1,b/2` names a database, and a cluster has number 0 alone"
        ),
        "{database}"
    );
    assert!(refused("redis+cluster://a,,b").contains("lacks a host"));

    // Of one server, that is one of a cluster.
    let single = cluster.server(0).url();
    cluster.on(
        0,
        &[
            "CLUSTER",
            "DELSLOTS",
            &cluster.slot("job_events:j").to_string(),
        ],
    );
    cluster.on(0, &["CONFIG", "SET", "cluster-require-full-coverage", "no"]);
    let reader = Reader::connect(single).unwrap();
    let why = reader.stream_length("j").await.unwrap_err().to_string();
    assert!(why.contains("CLUSTERDOWN"), "{why}");

    // Of a cluster, and it is a server by itself.
    let redis = support::TestRedis::start();
    let url = format!("redis+cluster://127.0.0.1:{}", redis.port());
    let reader = Reader::connect(url).unwrap();
    let why = reader.stream_length("j").await.unwrap_err().to_string();
    assert!(why.contains("it is no server of a cluster"), "{why}");
    assert!(why.contains("redis://"), "{why}");
}

#[tokio::test]
async fn a_server_of_a_cluster_that_was_taken_for_a_single_one_says_so() {
    let cluster = TestCluster::start(2, 0);
    let reader = Reader::connect(cluster.server(0).url()).unwrap();
    let elsewhere = (0..).map(|n| format!("job_{n}"));
    let mut elsewhere = elsewhere.filter(|id| cluster.owner(&format!("job_events:{id}")) == 1);
    let job = elsewhere.next().unwrap();
    let error = reader.stream_length(&*job).await.unwrap_err();
    let why = error.to_string();
    assert!(
        why.contains("the server is one of a cluster, whose URL is redis+cluster://"),
        "{why}"
    );
    assert_eq!(error.kind(), ErrorKind::Rejected);
}
