//! A cluster that changes while jobs run: slots move, servers come and go. Nothing is lost by that, and
//! nothing is there twice.
#![allow(clippy::unwrap_used)]

mod sharded;

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;
use std::time::Duration;

use sharded::{Fleet, LONG};
use stream_events::{Durability, Item, Publisher};
use support::TestCluster;

/// For what waits to say why.
const SHORT: Duration = Duration::from_secs(3);

/// Emits a row of each job time and again while that is done, and says how many rows there are of each.
fn while_emitting(fleet: &Fleet, mut what: impl FnMut()) -> u64 {
    let is_done = AtomicBool::new(false);
    thread::scope(|scope| {
        let emitting = scope.spawn(|| {
            let mut rows = 0;
            while !is_done.load(Relaxed) {
                fleet.emit(1);
                rows += 1;
                thread::sleep(Duration::from_millis(20));
            }
            rows
        });
        let done = Done(&is_done);
        what();
        drop(done);
        emitting.join().unwrap()
    })
}

/// Said also by a test that fails, which would wait for ever otherwise.
struct Done<'a>(&'a AtomicBool);

impl Drop for Done<'_> {
    fn drop(&mut self) {
        self.0.store(true, Relaxed);
    }
}

async fn ended(publisher: &Publisher, fleet: &Fleet) {
    fleet.end();
    let report = publisher.flush(LONG).await;
    assert!(report.complete, "{report}");
    assert_eq!(report.stats.dropped.total(), 0, "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn slots_that_move_under_load_lose_nothing_and_double_nothing() {
    // Why events wait is said there alone.
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .init();
    let cluster = TestCluster::start(3, 3);
    let publisher = Publisher::connect(cluster.url()).unwrap();
    let fleet = Fleet::begin(&publisher, 30);
    let rows = while_emitting(&fleet, || {
        for key in fleet.keys() {
            let slot = cluster.slot(&key);
            let to = (cluster.owner(&key) + 1) % 3;
            cluster.move_slot(slot, to);
        }
    });
    ended(&publisher, &fleet).await;
    fleet.is_exact(&cluster, rows + 2);
    assert_eq!(publisher.stats().delivered, 30 * (rows + 2));
}

/// As when the server that gives a slot away has just been given another.
#[tokio::test(flavor = "multi_thread")]
async fn a_slot_stays_where_it_was_moved_although_a_newer_claim_to_it_was_on_its_way() {
    let cluster = TestCluster::start(2, 0);
    let publisher = Publisher::connect(cluster.url()).unwrap();
    let fleet = Fleet::begin(&publisher, 10);
    assert!(publisher.flush(LONG).await.complete);
    let slot = fleet.keys().find(|key| cluster.owner(key) == 0);
    let slot = cluster.slot(&slot.unwrap());
    cluster.on(0, &["CLUSTER", "BUMPEPOCH"]);
    cluster.begin_move(slot, 1);
    cluster.move_keys(slot, 0, 1);
    cluster.claim(slot, 1);
    let heard = claims_heard(&cluster, 1);
    cluster.wait("the other has claimed what it has", |cluster| {
        claims_heard(cluster, 1) > heard
    });
    cluster.end_move(slot, 0, 1);
    ended(&publisher, &fleet).await;
    fleet.is_exact(&cluster, 2);
}

/// How often others have said unasked to this server what they have.
fn claims_heard(cluster: &TestCluster, server: usize) -> u64 {
    let mut client = cluster.server(server).client();
    let info = redis::cmd("CLUSTER").arg("INFO").query(&mut client);
    let info: String = info.unwrap();
    let of = |line: &str| {
        line.strip_prefix("cluster_stats_messages_ping_received:")?
            .parse()
            .ok()
    };
    info.lines().find_map(of).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_whose_slot_is_on_its_way_goes_on_wherever_its_stream_is() {
    let cluster = TestCluster::start(2, 0);
    let publisher = Publisher::connect(cluster.url()).unwrap();
    let reader = publisher.reader();
    let key = "job_events:job_0";
    let (slot, from) = (cluster.slot(key), cluster.owner(key));
    let to = 1 - from;
    // There is no stream yet, so that it begins where the slot is to be.
    cluster.begin_move(slot, to);
    let fleet = Fleet::begin(&publisher, 1);
    let mut watch = reader.watch("job_0").unwrap();
    fleet.emit(20);
    assert!(publisher.flush(LONG).await.complete);
    assert_eq!(reader.stream_length("job_0").await.unwrap(), 21);
    cluster.end_move(slot, from, to);
    fleet.emit(20);
    assert!(publisher.flush(LONG).await.complete);
    // There is a stream, which stays where it is until it is moved.
    cluster.begin_move(slot, from);
    fleet.emit(20);
    assert!(publisher.flush(LONG).await.complete);
    cluster.move_keys(slot, to, from);
    fleet.emit(20);
    assert!(publisher.flush(LONG).await.complete);
    assert_eq!(reader.stream_length("job_0").await.unwrap(), 81);
    cluster.end_move(slot, to, from);
    ended(&publisher, &fleet).await;
    fleet.is_exact(&cluster, 82);
    let mut seen = 0;
    while let Some(item) = watch.next().await {
        let Ok(Item::Event(event)) = item else {
            panic!("{item:?}")
        };
        assert_eq!(event.seq(), Some(seen));
        seen += 1;
    }
    assert_eq!(seen, 82);
}

/// What is written there already is not where it is to be.
#[tokio::test(flavor = "multi_thread")]
async fn an_end_whose_slot_is_on_its_way_waits_for_a_replica_there_and_says_why() {
    let cluster = TestCluster::start(2, 2);
    let builder = Publisher::builder().url(cluster.url());
    let builder = builder.durability(Durability::Replicated(1));
    // By its turns it comes to speak of what waits.
    let builder = builder.lease(SHORT / 10).publish_timeout(SHORT);
    let publisher = builder.connect().unwrap();
    let key = "job_events:job_0";
    let (slot, from) = (cluster.slot(key), cluster.owner(key));
    let fleet = Fleet::begin(&publisher, 1);
    assert!(publisher.flush(LONG).await.complete);
    cluster.begin_move(slot, 1 - from);
    cluster.move_keys(slot, from, 1 - from);
    let end = publisher.publish_task_completed("job_0", "t", &(), &());
    let waits = end.await.unwrap_err().to_string();
    assert!(
        waits.contains("its slot moves to another server"),
        "{waits}"
    );
    cluster.end_move(slot, from, 1 - from);
    let report = publisher.flush(LONG).await;
    assert!(report.complete, "{report}");
    assert_eq!(publisher.stats().unconfirmed, 0);
    fleet.is_exact(&cluster, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_new_is_given_slots_and_one_that_goes_gives_them_back() {
    let mut cluster = TestCluster::start(3, 3);
    let publisher = Publisher::connect(cluster.url()).unwrap();
    let fleet = Fleet::begin(&publisher, 30);
    let keys: Vec<_> = fleet.keys().collect();
    let mut new = 0;
    let rows = while_emitting(&fleet, || {
        new = cluster.add_node();
        for key in &keys[..15] {
            cluster.move_slot(cluster.slot(key), new);
        }
    });
    assert!(publisher.flush(LONG).await.complete);
    assert_eq!(fleet.on(&cluster, new).len(), 15);
    fleet.is_exact(&cluster, rows + 1);
    let later = while_emitting(&fleet, || cluster.remove_node(new));
    ended(&publisher, &fleet).await;
    fleet.is_exact(&cluster, rows + later + 2);
}
