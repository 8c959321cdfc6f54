//! A cluster over TLS: its servers among themselves, and to clients whose certificates they want to see.
#![allow(clippy::unwrap_used)]

#[allow(dead_code, reason = "others have more of it")]
mod certificates;
mod sharded;

use certificates::Authority;
use futures_util::StreamExt;
use sharded::{Fleet, LONG};
use stream_events::{ErrorKind, Item, Publisher, Reader};
use support::TestCluster;
use tokio::time::timeout;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_is_used_over_tls_wherever_it_sends_us() {
    let authority = Authority::of("localhost,IP:127.0.0.1", 2);
    authority.vouch("client", "worker", 2);
    let [certificate, key, trusted] =
        ["server.pem", "server.key", "ca.pem"].map(|file| authority.path(file));
    let cluster = TestCluster::with(
        3,
        0,
        &[
            "--tls-cluster",
            "yes",
            "--tls-cert-file",
            &certificate,
            "--tls-key-file",
            &key,
            "--tls-ca-cert-file",
            &trusted,
        ],
    );
    let ours = ["client.pem", "client.key"].map(|file| authority.path(file));
    let url = |trusted: &str| {
        let servers = cluster.tls_url();
        format!(
            "{servers}?cacert={trusted}&cert={}&key={}",
            ours[0], ours[1]
        )
    };
    let publisher = Publisher::connect(url(&trusted)).unwrap();
    let reader = Reader::connect(url(&trusted)).unwrap();
    let fleet = Fleet::begin(&publisher, 20);
    let mut watch = reader.watch_many(fleet.ids()).unwrap();
    fleet.emit(10);
    assert!(publisher.flush(LONG).await.complete);
    // Who is sent elsewhere is told the port of TLS.
    let slot = cluster.slot("job_events:moved");
    cluster.move_slot(slot, (cluster.owner("job_events:moved") + 1) % 3);
    publisher.job("moved", "t").unwrap().completed(&());
    fleet.end();
    let report = publisher.flush(LONG).await;
    assert!(report.complete, "{report}");
    fleet.is_exact(&cluster, 12);
    assert_eq!(reader.history("moved").unwrap().count().await, 2);
    for _ in 0..20 * 12 {
        let (job, item) = timeout(LONG, watch.next()).await.unwrap().unwrap();
        assert!(matches!(&item, Ok(Item::Event(_))), "{job}: {item:?}");
    }

    let other = Authority::new();
    let stranger = Reader::connect(url(&other.path("ca.pem"))).unwrap();
    let refused = stranger.stream_length("moved").await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Unavailable);
    let refused = refused.to_string();
    assert!(refused.contains("no authority"), "{refused}");
}

/// As a single server's.
#[tokio::test]
async fn a_cluster_that_speaks_no_tls_is_said_to() {
    let cluster = TestCluster::start(1, 0);
    let url = cluster.url().replacen("redis", "rediss", 1);
    let reader = Reader::connect(url).unwrap();
    let refused = reader.stream_length("j").await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Unavailable);
    let refused = refused.to_string();
    assert!(refused.contains("speaks no TLS"), "{refused}");
}
