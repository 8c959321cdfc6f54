//! Servers of a cluster that are well, and that it takes a while to reach.
#![allow(clippy::unwrap_used)]

mod sharded;

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use sharded::{Fleet, LONG};
use stream_events::{Fields, Item, Publisher, Reader};
use support::{Proxy, Rule, TestCluster, Way, wait_until};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};

/// Longer than one server may hold up what is for others.
const LATE: Duration = Duration::from_millis(1300);

/// Where a server is known to be, and how many have come there.
struct Door {
    port: u16,
    visits: Arc<AtomicUsize>,
}

/// Has a server known by a port at which each is let in late, as where the way is long, or handshakes wait for a
/// busy machine.
async fn let_in_late(cluster: &TestCluster, server: usize) -> Door {
    let door = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let (port, behind) = (
        door.local_addr().unwrap().port(),
        cluster.server(server).port(),
    );
    let visits = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&visits);
    tokio::spawn(async move {
        while let Ok((mut client, _)) = door.accept().await {
            counted.fetch_add(1, Relaxed);
            tokio::spawn(async move {
                sleep(LATE).await;
                let mut server = TcpStream::connect((Ipv4Addr::LOCALHOST, behind))
                    .await
                    .unwrap();
                let _ = copy_bidirectional(&mut client, &mut server).await;
            });
        }
    });
    announce(cluster, server, port);
    Door { port, visits }
}

/// Has all say that a server is at this port.
fn announce(cluster: &TestCluster, server: usize, port: u16) {
    let announced = port.to_string();
    cluster
        .server(server)
        .configure("cluster-announce-port", &announced);
    let is_known = |of: &usize| {
        let mut asked = redis::cmd("CLUSTER");
        let mut client = cluster.server(*of).client();
        let nodes: String = asked.arg("NODES").query(&mut client).unwrap();
        nodes.contains(&format!(":{announced}@"))
    };
    wait_until("all know where it is", || cluster.up().iter().all(is_known));
}

async fn flushed(publisher: &Publisher) {
    let report = publisher.flush(LONG).await;
    assert!(report.complete, "{report}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_lets_us_in_late_does_not_end_the_connection_to_the_others_again_and_again() {
    let cluster = TestCluster::start(3, 0);
    let late = 1;
    let seed = format!("redis+cluster://127.0.0.1:{}", cluster.server(0).port());
    let door = let_in_late(&cluster, late).await;
    let publisher = Publisher::connect(seed).unwrap();
    let fleet = Fleet::begin(&publisher, 30);
    assert!(!fleet.on(&cluster, late).is_empty());
    fleet.emit(5);
    flushed(&publisher).await;
    fleet.end();
    flushed(&publisher).await;
    fleet.is_exact(&cluster, 7);
    // Once in vain, and once when it is known which data it has.
    assert_eq!(door.visits.load(Relaxed), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_all_let_us_in_late_events_are_delivered_and_watched_all_the_same() {
    let cluster = TestCluster::start(2, 0);
    let seed = let_in_late(&cluster, 0).await.port;
    let_in_late(&cluster, 1).await;
    let url = format!("redis+cluster://127.0.0.1:{seed}");
    let publisher = Publisher::connect(&*url).unwrap();
    let reader = Reader::connect(&*url).unwrap();
    let fleet = Fleet::begin(&publisher, 10);
    let mut watch = reader.watch_many(fleet.ids()).unwrap();
    fleet.end();
    flushed(&publisher).await;
    fleet.is_exact(&cluster, 2);
    for _ in 0..10 * 2 {
        let (job, item) = timeout(LONG, watch.next()).await.unwrap().unwrap();
        assert!(matches!(item, Ok(Item::Event(_))), "{job}: {item:?}");
    }
}

/// Others write giant entries to the stream, which come along with what is looked for.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_look_whose_answer_takes_long_on_a_slow_network_comes_to_its_end() {
    let cluster = TestCluster::start(1, 0);
    let proxy = Proxy::to(cluster.server(0));
    announce(&cluster, 0, proxy.port());
    let publisher = Publisher::connect(format!("redis+cluster://127.0.0.1:{}", proxy.port()));
    let publisher = publisher.unwrap();
    let job = publisher.job("job_001", "t").unwrap();
    flushed(&publisher).await;
    let giant = "x".repeat(400_000);
    let add = [
        "XADD",
        "job_events:job_001",
        "9999999999999-1",
        "data",
        &giant,
    ];
    cluster.on(0, &add);
    proxy.rule(Way::ToClient, Rule::Drip(200_000));
    job.emit("row", Fields::new());
    job.completed(&());
    let report = publisher.flush(Duration::from_secs(30)).await;
    assert!(report.complete, "{report}");
    assert_eq!(cluster.entries("job_events:job_001").len(), 4);
}
