//! Servers of a cluster that are well, and that it takes a while to reach.
#![allow(clippy::unwrap_used)]

mod sharded;

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use sharded::{Fleet, LONG};
use stream_events::{Fields, Item, Publisher, Reader};
use support::{Proxy, Rule, TestCluster, TestRedis, Way, wait_until};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};

/// Longer than one server may hold up what is for others.
const LATE: Duration = Duration::from_millis(1300);

/// At which each is let in late, as where the way is long, or handshakes wait for a busy machine.
struct Door {
    port: u16,
    /// The server's own.
    behind: Arc<AtomicU16>,
    visits: Arc<AtomicUsize>,
}

impl Door {
    async fn new() -> Self {
        let door = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = door.local_addr().unwrap().port();
        let (behind, visits) = (Arc::new(AtomicU16::new(0)), Arc::new(AtomicUsize::new(0)));
        let (to, count) = (Arc::clone(&behind), Arc::clone(&visits));
        tokio::spawn(async move {
            while let Ok((mut client, _)) = door.accept().await {
                count.fetch_add(1, Relaxed);
                let to = (Ipv4Addr::LOCALHOST, to.load(Relaxed));
                tokio::spawn(async move {
                    sleep(LATE).await;
                    let mut server = TcpStream::connect(to).await.unwrap();
                    let _ = copy_bidirectional(&mut client, &mut server).await;
                });
            }
        });
        Self {
            port,
            behind,
            visits,
        }
    }

    fn leads_to(&self, server: &TestRedis) {
        self.behind.store(server.port(), Relaxed);
    }
}

/// A cluster of one, which is known to be at this port.
fn alone(port: u16) -> (TestCluster, String) {
    let announced = port.to_string();
    let cluster = TestCluster::with(1, 0, &["--cluster-announce-port", &announced]);
    (cluster, format!("redis+cluster://127.0.0.1:{port}"))
}

/// Has the others say that a server is at this port. Before 7.0 it goes on to say otherwise itself.
fn announce(cluster: &TestCluster, server: usize, port: u16) {
    let announced = port.to_string();
    cluster
        .server(server)
        .configure("cluster-announce-port", &announced);
    let is_known = |of: usize| {
        let mut asked = redis::cmd("CLUSTER");
        let mut client = cluster.server(of).client();
        let nodes: String = asked.arg("NODES").query(&mut client).unwrap();
        nodes.contains(&format!(":{announced}@"))
    };
    let others = || cluster.up().into_iter().filter(|other| *other != server);
    wait_until("the others know where it is", || others().all(is_known));
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
    let door = Door::new().await;
    door.leads_to(cluster.server(late));
    announce(&cluster, late, door.port);
    let publisher = Publisher::connect(seed).unwrap();
    let fleet = Fleet::begin(&publisher, 30);
    assert!(!fleet.on(&cluster, late).is_empty());
    fleet.emit(5);
    flushed(&publisher).await;
    fleet.end();
    flushed(&publisher).await;
    fleet.is_exact(&cluster, 7);
    // Once in vain, once when it is known which data it has, and perhaps to be asked about the cluster.
    assert!(door.visits.load(Relaxed) < 5);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_all_let_us_in_late_events_are_delivered_and_watched_all_the_same() {
    let door = Door::new().await;
    let (cluster, url) = alone(door.port);
    door.leads_to(cluster.server(0));
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
    let proxy = Proxy::to_port(1);
    let (cluster, url) = alone(proxy.port());
    proxy.retarget(cluster.server(0).port());
    let publisher = Publisher::connect(url).unwrap();
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
