//! A hub of a cluster of which a server does not answer: who watches jobs of the others notices nothing of it.
#![allow(clippy::unwrap_used)]

mod sharded;

use std::time::{Duration, Instant};

use futures_util::FutureExt;
use futures_util::stream::{SelectAll, StreamExt};
use serde_json::json;
use sharded::{Fleet, LONG};
use stream_events::{Fields, Hub, Item, Publisher, Reader, Watch};
use support::{TestCluster, feed_of, wait_until};
use tokio::time::timeout;

/// A server that does not answer is given up after 5 s.
const SOON: Duration = Duration::from_secs(3);

/// A cluster, jobs at work on all of its servers, and one of these.
struct Stand {
    cluster: TestCluster,
    publisher: Publisher,
    _fleet: Fleet,
    frozen: usize,
    stuck: Vec<String>,
    free: Vec<String>,
}

impl Stand {
    async fn start() -> Self {
        let cluster = TestCluster::with(3, 0, &["--cluster-require-full-coverage", "no"]);
        let publisher = Publisher::connect(cluster.url()).unwrap();
        let fleet = Fleet::begin(&publisher, 40);
        assert!(publisher.flush(LONG).await.complete);
        let frozen = cluster.owner("job_events:job_0");
        let stuck = fleet.on(&cluster, frozen);
        let free: Vec<_> = fleet.ids().filter(|id| !stuck.contains(id)).collect();
        assert!(stuck.len() > 4 && free.len() > 4);
        Self {
            cluster,
            publisher,
            _fleet: fleet,
            frozen,
            stuck,
            free,
        }
    }

    fn reader(&self) -> Reader {
        Reader::connect(self.cluster.url()).unwrap()
    }

    /// All are watched, and each has had its start.
    async fn watched(&self, hub: &Hub) -> SelectAll<Watch> {
        let ids = self.stuck.iter().chain(&self.free);
        let mut all: SelectAll<_> = ids.map(|id| hub.watch(&**id).unwrap()).collect();
        for _ in 0..all.len() {
            started(timeout(LONG, all.next()).await.unwrap());
        }
        all
    }

    /// How long it takes at the most until what happens to a job that can be read is heard, for so long.
    async fn slowest(&self, all: &mut SelectAll<Watch>, time: Duration) -> Duration {
        let (begun, mut slowest) = (Instant::now(), Duration::ZERO);
        for id in self.free.iter().cycle() {
            let mark = json!({"event_type": "mark"});
            self.publisher.publish_event(&**id, &mark).await.unwrap();
            let sent = Instant::now();
            let item = timeout(LONG, all.next()).await.unwrap();
            assert!(matches!(item, Some(Ok(Item::Event(_)))), "{item:?}");
            slowest = slowest.max(sent.elapsed());
            if begun.elapsed() > time {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        slowest
    }
}

fn started(item: Option<Result<Item, stream_events::Error>>) {
    let Some(Ok(Item::Event(event))) = item else {
        panic!("{item:?}")
    };
    assert_eq!(event.seq(), Some(0));
}

/// What they read first, a long history perhaps, is read for a few at a time.
#[tokio::test(flavor = "multi_thread")]
async fn who_comes_to_a_job_of_another_server_does_not_wait_for_those_of_the_frozen_one() {
    let mut stand = Stand::start().await;
    let hub = stand.reader().hub();
    drop(stand.watched(&hub).await);
    stand.cluster.freeze(stand.frozen);
    let stuck = stand.stuck.iter().map(|id| hub.watch(&**id).unwrap());
    let mut stuck: Vec<_> = stuck.collect();
    for watch in &mut stuck {
        assert!(watch.next().now_or_never().is_none());
    }
    let begun = Instant::now();
    for id in &stand.free {
        started(hub.watch(&**id).unwrap().next().await);
    }
    let took = begun.elapsed();
    assert!(took < SOON, "{took:?}");
    stand.cluster.thaw(stand.frozen);
    for mut watch in stuck {
        started(timeout(LONG, watch.next()).await.unwrap());
    }
}

/// Of one that comes back anything may have changed, so all are read for at that moment.
#[tokio::test(flavor = "multi_thread")]
async fn what_happens_on_other_servers_is_heard_while_the_frozen_one_is_read() {
    let mut stand = Stand::start().await;
    let mut all = stand.watched(&stand.reader().hub()).await;
    let other = stand
        .cluster
        .owner(&format!("job_events:{}", stand.free[0]));
    stand.cluster.freeze(stand.frozen);
    stand
        .cluster
        .server(other)
        .run(&["CLIENT", "KILL", "TYPE", "normal"]);
    let slowest = stand.slowest(&mut all, Duration::from_secs(4)).await;
    assert!(slowest < SOON, "{slowest:?}");
    stand.cluster.thaw(stand.frozen);
}

/// They ask for leases and streams together.
#[tokio::test(flavor = "multi_thread")]
async fn what_happens_on_other_servers_is_heard_while_quiet_watches_ask_the_frozen_one() {
    let mut stand = Stand::start().await;
    let reader = stand.reader().with_grace(Duration::from_millis(300));
    let mut all = stand.watched(&reader.hub()).await;
    stand.cluster.freeze(stand.frozen);
    let slowest = stand.slowest(&mut all, Duration::from_secs(4)).await;
    assert!(slowest < SOON, "{slowest:?}");
    stand.cluster.thaw(stand.frozen);
}

/// A watch of its own asks for the lease on the connection by which it reads.
#[tokio::test(flavor = "multi_thread")]
async fn a_watch_hears_of_its_job_although_the_server_of_the_lease_is_frozen() {
    let cluster = TestCluster::with(3, 0, &["--cluster-require-full-coverage", "no"]);
    let publisher = Publisher::connect(cluster.url()).unwrap();
    let servers = |id: &str| {
        let (stream, lease) = (format!("job_events:{id}"), feed_of(cluster.shard(id)));
        (cluster.owner(&stream), cluster.owner(&lease))
    };
    let is_apart = |id: &String| servers(id).0 != servers(id).1;
    let id = (0..).map(|n| format!("job_{n}")).find(is_apart).unwrap();
    let (_, frozen) = servers(&id);
    let job = publisher.job(&*id, "t").unwrap();
    assert!(publisher.flush(LONG).await.complete);
    let reader = Reader::connect(cluster.url()).unwrap();
    let mut watch = reader
        .with_grace(Duration::from_millis(300))
        .watch(&*id)
        .unwrap();
    started(watch.next().await);
    let asked = || cluster.server(frozen).calls("zscore");
    let before = asked();
    let comes = tokio::spawn(async move { (watch.next().await, Instant::now()) });
    wait_until("it has asked for the lease", || asked() > before);
    let mut cluster = cluster;
    cluster.freeze(frozen);
    // By now it has asked again.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let sent = Instant::now();
    job.emit("mark", Fields::new());
    let (item, at) = timeout(LONG, comes).await.unwrap().unwrap();
    assert!(matches!(item, Some(Ok(Item::Event(_)))), "{item:?}");
    let took = at - sent;
    assert!(took < SOON, "{took:?}");
    cluster.thaw(frozen);
}
