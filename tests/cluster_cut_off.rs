//! Servers of a cluster that take connections, and are of no use: frozen, deaf, or cut off from the others.
#![allow(clippy::unwrap_used)]

mod sharded;

use sharded::{Fleet, LONG};
use stream_events::{Item, Publisher, Reader};
use support::{Proxy, Rule, TestCluster, Way, wait_until};
use tokio::time::timeout;

async fn flushed(publisher: &Publisher) {
    let report = publisher.flush(LONG).await;
    assert!(report.complete, "{report}");
    assert_eq!(report.stats.dropped.total(), 0, "{report}");
}

/// Its connections stand all the while, as those of one whose disk hangs.
#[tokio::test(flavor = "multi_thread")]
async fn a_master_that_is_frozen_is_left_for_the_replica_that_has_taken_over() {
    let mut cluster = TestCluster::start(3, 3);
    let publisher = Publisher::connect(cluster.url()).unwrap();
    let fleet = Fleet::begin(&publisher, 30);
    fleet.emit(5);
    flushed(&publisher).await;
    let key = fleet.keys().next().unwrap();
    let frozen = cluster.owner(&key);
    cluster.freeze(frozen);
    fleet.emit(5);
    cluster.wait("a replica has taken over", |cluster| {
        cluster.owner(&key) != frozen
    });
    fleet.end();
    flushed(&publisher).await;
    fleet.is_exact(&cluster, 12);
}

/// A network that has forgotten a connection, and says so to nobody.
#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_swallows_everything_is_left_for_another() {
    let proxy = Proxy::to_port(1);
    let port = proxy.port().to_string();
    let cluster = TestCluster::with(1, 0, &["--cluster-announce-port", &port]);
    proxy.retarget(cluster.server(0).port());
    let publisher = Publisher::connect(format!("redis+cluster://127.0.0.1:{port}")).unwrap();
    let fleet = Fleet::begin(&publisher, 3);
    fleet.emit(5);
    flushed(&publisher).await;
    proxy.rule_old(Way::ToServer, Rule::Swallow);
    proxy.rule_old(Way::ToClient, Rule::Swallow);
    fleet.emit(5);
    fleet.end();
    flushed(&publisher).await;
    fleet.is_exact(&cluster, 12);
}

/// It says that it serves nothing, and of the cluster that it is alone.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_cut_off_from_the_others_is_not_believed() {
    let cluster = TestCluster::start(3, 3);
    let alone = 1;
    let server = cluster.server(alone);
    let url = format!("redis+cluster://127.0.0.1:{}", server.port());
    let publisher = Publisher::connect(&*url).unwrap();
    let reader = Reader::connect(&*url).unwrap();
    let fleet = Fleet::begin(&publisher, 30);
    let mut watch = reader.watch_many(fleet.ids()).unwrap();
    fleet.emit(5);
    flushed(&publisher).await;
    for _ in 0..6 * 30 {
        let item = timeout(LONG, watch.next()).await.unwrap().unwrap().1;
        assert!(matches!(item, Ok(Item::Event(_))), "{item:?}");
    }
    let next = cluster.replicas_of(alone)[0];
    cluster.cut_off(alone);
    cluster.on(next, &["CLUSTER", "FAILOVER", "TAKEOVER"]);
    // Of the two names, servers before 7.0 have the second.
    let asked = || server.calls("cluster|slots") + server.calls("cluster");
    let before = asked();
    wait_until("a hub asks it", || asked() > before);
    fleet.end();
    flushed(&publisher).await;
    fleet.is_exact(&cluster, 7);
    for _ in 0..30 {
        let item = timeout(LONG, watch.next()).await.unwrap().unwrap().1;
        assert!(matches!(item, Ok(Item::Event(_))), "{item:?}");
    }
}
