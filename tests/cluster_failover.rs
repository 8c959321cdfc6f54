//! A cluster where a replica takes over: readers follow it there, and what it never had is sent again.
#![allow(clippy::unwrap_used)]

mod readers;
mod rows;

use std::time::{Duration, Instant};

use futures_util::StreamExt;
use readers::Readers;
use rows::{emit_rows, flushed};
use stream_events::{ErrorKind, Publisher, Query, Reader, Status};
use support::{TestCluster, seqs};

const KEY: &str = "job_events:job_001";

/// Rows 17 and 46
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_of_each_kind_follow_to_the_replica_of_a_master_that_was_killed() {
    let mut cluster = TestCluster::start(3, 3);
    cluster.wait_until_whole(3);
    let publisher = Publisher::connect(cluster.url()).unwrap();
    let reader = Reader::connect(cluster.reader_url()).unwrap();
    let job = publisher.job("job_001", "t").unwrap();
    let readers = Readers::of(&reader, 301);
    emit_rows(&job, 100);
    flushed(&publisher).await;
    let killed = cluster.kill_master(KEY);
    emit_rows(&job, 100);
    // Asked while it is away: they come when there is a master again, or say that there is none.
    let early = reader.state("job_001").await;
    let early = early.map_err(|error| error.kind());
    assert!(
        matches!(&early, Ok(Some(_)) | Err(ErrorKind::Unavailable)),
        "{early:?}"
    );
    cluster.wait("a replica has taken over", |cluster| {
        cluster.owner(KEY) != killed
    });
    flushed(&publisher).await;
    emit_rows(&job, 100);
    job.completed(&());
    flushed(&publisher).await;
    publisher.job("job_002", "t").unwrap().completed(&());
    flushed(&publisher).await;
    readers.finish().await;

    assert_eq!(seqs(&cluster.entries(KEY)), (0..302).collect::<Vec<_>>());
    let history = reader.history("job_001").unwrap();
    let history: Vec<_> = history.map(|event| event.unwrap().seq()).collect().await;
    assert_eq!(history, (0..302).map(Some).collect::<Vec<_>>());
    let state = reader.state("job_001").await.unwrap().unwrap();
    assert_eq!(state.status, Status::Completed);
    let page = reader.jobs(Query::default()).page().await.unwrap();
    let ids: Vec<_> = page.jobs.iter().map(|job| job.job_id.as_str()).collect();
    assert!(ids.contains(&"job_002"), "{ids:?}");
}

/// Row 16: to a publisher that asks nothing meanwhile, its server is the master all the time, on the same
/// connection.
#[tokio::test(flavor = "multi_thread")]
async fn what_two_failovers_took_behind_a_connection_that_stands_is_sent_again() {
    let cluster = TestCluster::start(3, 3);
    cluster.wait_until_whole(3);
    let (old, publisher) = (
        cluster.owner(KEY),
        Publisher::connect(cluster.url()).unwrap(),
    );
    let replica = cluster.replicas_of(old)[0];
    let job = publisher.job("job_001", "t").unwrap();
    emit_rows(&job, 1);
    flushed(&publisher).await;
    cluster.wait("its replica has that", |cluster| {
        let mut client = cluster.server(replica).client();
        redis::cmd("READONLY").exec(&mut client).unwrap();
        redis::cmd("XLEN").arg(KEY).query(&mut client) == Ok(2)
    });

    // No user of its master is known by that name.
    let own = ["masteruser", "masterauth"].map(|name| (name, configured(&cluster, replica, name)));
    let server = cluster.server(replica);
    for (name, _) in &own {
        server.configure(name, "nobody");
    }
    cluster.on(old, &["CLIENT", "KILL", "TYPE", "replica"]);
    emit_rows(&job, 2);
    flushed(&publisher).await;
    let said = Instant::now();
    for (name, value) in &own {
        server.configure(name, value);
    }
    cluster.on(replica, &["CLUSTER", "FAILOVER", "TAKEOVER"]);
    for (from, to) in [(old, replica), (replica, old)] {
        if to == old {
            cluster.on(old, &["CLUSTER", "FAILOVER"]);
        }
        cluster.wait("another is the master", |cluster| {
            cluster.owner(KEY) == to && cluster.replicas_of(to).contains(&from)
        });
        cluster.wait_until_whole(3);
    }
    assert_eq!(
        cluster.server(old).entries(KEY).len(),
        2,
        "it has lost some"
    );
    tokio::time::sleep_until((said + TRUSTED).into()).await;

    emit_rows(&job, 1);
    job.completed(&());
    flushed(&publisher).await;
    assert_eq!(seqs(&cluster.entries(KEY)), [0, 1, 2, 3, 4, 5]);
}

fn configured(cluster: &TestCluster, server: usize, name: &str) -> String {
    let mut command = redis::cmd("CONFIG");
    let mut client = cluster.server(server).client();
    let found: (String, String) = command.arg("GET").arg(name).query(&mut client).unwrap();
    found.1
}

/// Longer than a server is taken to be what it was.
const TRUSTED: Duration = Duration::from_millis(1500);
