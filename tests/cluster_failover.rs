//! Readers of a cluster, one of whose servers goes: what they follow goes on where its replica is the master,
//! and what is elsewhere goes on meanwhile.
#![allow(clippy::unwrap_used)]

#[allow(dead_code, reason = "others have more of it")]
mod rows;

use std::collections::HashSet;
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use rows::{emit_rows, flushed};
use stream_events::{
    ErrorKind, Event, EventId, FeedItem, Item, Publisher, Query, Reader, Status, Watch,
};
use support::{TestCluster, seqs};
use tokio::task::JoinHandle;
use tokio::time::timeout;

const IN_TIME: Duration = Duration::from_secs(60);
const KEY: &str = "job_events:job_001";

/// All seqs up to the last one, each once, and then the end.
async fn sees_all(mut watch: Watch, last: u64) {
    for expected in 0..=last {
        let Some(Ok(Item::Event(event))) = watch.next().await else {
            panic!("event {expected} is missing")
        };
        assert_eq!(event.seq(), Some(expected));
    }
    assert!(watch.next().await.is_none());
}

fn is_end(event: &Event, job: &str) -> bool {
    let is_of = event.job_id().is_some_and(|id| id.as_str() == job);
    is_of && event.event_type().to_string() == "task_completed"
}

/// The feed up to the end of this job; nothing of it comes twice.
async fn fed(reader: Reader, job: &'static str) {
    let (mut feed, mut seen) = (reader.feed().after(EventId::ZERO), HashSet::new());
    loop {
        // A gap is what the old master alone had.
        let FeedItem::Event(event) = feed.next().await.unwrap().unwrap() else {
            continue;
        };
        let name = (event.run().map(str::to_owned), event.seq());
        assert!(seen.insert(name), "{event} came twice");
        if is_end(&event, job) {
            return;
        }
    }
}

/// The same of a group: what could not be acknowledged is given again.
async fn shared(reader: Reader, job: &'static str) {
    let mut group = reader.feed_group("fleet").unwrap().after(EventId::ZERO);
    loop {
        let assigned = group.next().await.unwrap().unwrap();
        let _ = assigned.ack().await;
        if is_end(assigned.event(), job) {
            return;
        }
    }
}

async fn all(readers: Vec<JoinHandle<()>>) {
    for reader in readers {
        let read = timeout(IN_TIME, reader).await;
        read.expect("all is seen").unwrap();
    }
}

/// The server of the shard of the feed that has this job.
fn feed_of(cluster: &TestCluster, job: &str) -> usize {
    cluster.owner(&support::feed_of(cluster.shard(job)))
}

/// Rows 17 and 46
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_of_each_kind_follow_to_the_replica_of_a_master_that_was_killed() {
    let mut cluster = TestCluster::start(3, 3);
    cluster.wait_until_whole(3);
    let publisher = Publisher::connect(cluster.url()).unwrap();
    let reader = Reader::connect(cluster.url()).unwrap();
    let job = publisher.job("job_001", "t").unwrap();
    let watches = [
        reader.watch("job_001").unwrap(),
        reader.hub().watch("job_001").unwrap(),
    ];
    let mut readers: Vec<_> = watches
        .into_iter()
        .map(|watch| tokio::spawn(sees_all(watch, 301)))
        .collect();
    readers.push(tokio::spawn(fed(reader.clone(), "job_002")));
    readers.push(tokio::spawn(shared(reader.clone(), "job_002")));
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
    all(readers).await;

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

/// Row 17b: nothing of theirs is known by a server that is away, and no list of jobs is made without them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_a_server_is_away_what_the_others_have_is_read_and_lists_of_jobs_say_so() {
    // What was acknowledged is there when it comes back.
    let parts = "--cluster-require-full-coverage no --appendonly yes --appendfsync always";
    let parts: Vec<_> = parts.split(' ').collect();
    let mut cluster = TestCluster::with(3, 0, &parts);
    let publisher = Publisher::connect(cluster.url()).unwrap();
    let away = cluster.owner(KEY);
    let jobs: Vec<_> = (0..).map(|n| format!("there_{n}")).take(60).collect();
    let elsewhere = |job: &&String| {
        let stream = cluster.owner(&format!("job_events:{job}"));
        // Its lease is there, too.
        let index = feed_of(&cluster, job);
        [stream, index].iter().all(|owner| *owner != away)
    };
    let there = jobs.iter().find(elsewhere).unwrap().clone();
    publisher.job("job_001", "t").unwrap().completed(&());
    flushed(&publisher).await;
    let reader = Reader::connect(cluster.url()).unwrap();
    let mut feed = reader.feed();
    let mut group = reader.feed_group("fleet").unwrap().after(EventId::ZERO);
    cluster.kill(away);

    publisher.job(&*there, "t").unwrap().completed(&());
    flushed(&publisher).await;
    let early = timeout(IN_TIME, async {
        while !is_end(group.next().await.unwrap().unwrap().event(), &there) {}
    });
    early.await.expect("the group has it");
    let told = async {
        loop {
            // The first one may be there before the feed has begun.
            publisher.job(&*there, "t").unwrap().completed(&());
            flushed(&publisher).await;
            if let Ok(item) = timeout(Duration::from_millis(200), feed.next()).await {
                return item.unwrap().unwrap();
            }
        }
    };
    let item = timeout(IN_TIME, told).await.expect("the feed has it");
    assert!(matches!(item, FeedItem::Event(_)), "{item:?}");
    assert_eq!(
        reader.state(&*there).await.unwrap().unwrap().status,
        Status::Completed
    );
    let kinds = [
        reader.state("job_001").await.unwrap_err().kind(),
        reader.stream_length("job_001").await.unwrap_err().kind(),
        reader
            .jobs(Query::default())
            .page()
            .await
            .unwrap_err()
            .kind(),
    ];
    assert_eq!(kinds, [ErrorKind::Unavailable; 3]);
    let mut history = reader.history("job_001").unwrap();
    let refused = history.next().await.unwrap().unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Unavailable, "{refused}");

    cluster.restart(away);
    cluster.wait_until_ok();
    let page = async {
        loop {
            if let Ok(page) = reader.jobs(Query::default()).page().await {
                return page.jobs.len();
            }
        }
    };
    assert_eq!(timeout(IN_TIME, page).await, Ok(2));
    assert_eq!(reader.stream_length("job_001").await.unwrap(), 2);
}

/// Row 17b: of those that are there, nobody opens another connection for it.
#[tokio::test(flavor = "multi_thread")]
async fn while_a_server_is_away_who_asks_the_others_keeps_the_connection() {
    let parts = ["--cluster-require-full-coverage", "no"];
    let mut cluster = TestCluster::with(3, 0, &parts);
    let away = cluster.owner(KEY);
    let is_there = |job: &String| cluster.owner(&format!("job_events:{job}")) != away;
    let there = (0..).map(|n| format!("there_{n}")).find(is_there).unwrap();
    let server = cluster.owner(&format!("job_events:{there}"));
    let reader = Reader::connect(cluster.url()).unwrap();
    assert_eq!(reader.stream_length(&*there).await.unwrap(), 0);
    cluster.kill(away);
    // Those connections that have asked this last.
    let connections = || -> Vec<String> {
        let mut list = redis::cmd("CLIENT");
        let mut client = cluster.server(server).client();
        let list: String = list.arg("LIST").query(&mut client).unwrap();
        let asked = list.lines().filter(|client| client.contains("cmd=xinfo"));
        let id = |client: &str| client.split(' ').next().unwrap().to_owned();
        asked.map(id).collect()
    };
    let before = connections();
    assert_eq!(before.len(), 1, "{before:?}");
    for _ in 0..5 {
        let error = reader.stream_length("job_001").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        assert_eq!(reader.stream_length(&*there).await.unwrap(), 0);
    }
    assert_eq!(connections(), before);
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
