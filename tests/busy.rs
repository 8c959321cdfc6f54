//! A server that is there and cannot answer yet: it loads, runs a script, has lost its master, or has
//! clients enough. That passes, and is nobody's fault.
#![allow(clippy::unwrap_used)]

mod followed;
mod impatient;
mod rows;

use std::time::{Duration, Instant};

use followed::next;
use impatient::{IN_TIME, SHORT, impatient, refused};
use redis::Connection;
use rows::{emit_rows, flushed, holds};
use stream_events::{ErrorKind, Publisher, Reader, Watch};
use support::{Door, End, Proxy, TestRedis, wait_until};

/// For long enough to see that nothing comes.
async fn waits_for_long(watch: &mut Watch) {
    assert!(tokio::time::timeout(SHORT, watch.next()).await.is_err());
}

/// What a command on this connection is refused with.
fn refusal(client: &mut Connection, command: &[&str]) -> String {
    let mut named = redis::cmd(command[0]);
    let error = named.arg(&command[1..]).exec(client).unwrap_err();
    error.code().unwrap_or_default().to_owned()
}

/// Row 15
#[tokio::test]
async fn a_server_that_loads_its_data_is_waited_for() {
    // It answers after each 1024 commands that it has loaded, so some times a second.
    let slow = ["--key-load-delay", "150", "--appendonly", "yes"];
    let mut redis = TestRedis::with(&slow);
    let mut filled = redis::pipe();
    // For longer than it takes to see that it refuses.
    (0..28_000).for_each(|n| {
        filled.cmd("SET").arg(n).arg("x").ignore();
    });
    filled.exec(&mut redis.client()).unwrap();
    let publisher = impatient(redis.url()).connect().unwrap();
    let job = publisher.job("job_001", "t").unwrap();
    emit_rows(&job, 100);
    flushed(&publisher).await;
    redis.kill();
    emit_rows(&job, 100);
    redis.restart_until("Server initialized");
    // Who comes now asks at once; the other rests between its tries.
    let another = impatient(redis.url()).connect().unwrap();
    refused(&another, "job_002", "LOADING").await;
    job.completed(&());
    let mut watch = publisher.reader().watch("job_001").unwrap();
    for seq in 0..202 {
        assert_eq!(next(&mut watch).await.seq(), Some(seq));
    }
    flushed(&publisher).await;
    flushed(&another).await;
    holds(&redis, "job_001", 202);
    holds(&redis, "job_002", 1);
}

/// Keeps the server busy with a script, from now until what this gives is dropped.
fn script(redis: &TestRedis) -> Script {
    redis.configure("lua-time-limit", "10");
    let (mut runs, mut asks) = (redis.client(), redis.client());
    std::thread::spawn(move || {
        let mut eval = redis::cmd("EVAL");
        eval.arg("while true do end").arg(0).exec(&mut runs)
    });
    let until = Instant::now() + IN_TIME;
    while redis::cmd("PING").exec(&mut asks).is_ok() {
        assert!(Instant::now() < until, "the script never begins");
    }
    assert_eq!(refusal(&mut asks, &["PING"]), "BUSY");
    Script(asks)
}

struct Script(Connection);

impl Drop for Script {
    fn drop(&mut self) {
        redis::cmd("SCRIPT").arg("KILL").exec(&mut self.0).unwrap();
        // It ends at one of its next steps.
        wait_until("the script has ended", || {
            redis::cmd("PING").exec(&mut self.0).is_ok()
        });
    }
}

/// Row 15
#[tokio::test]
async fn a_server_that_a_script_keeps_busy_is_waited_for() {
    let redis = TestRedis::start();
    let publisher = impatient(redis.url()).connect().unwrap();
    let job = publisher.job("job_001", "t").unwrap();
    flushed(&publisher).await;
    let busy = script(&redis);
    emit_rows(&job, 100);
    job.completed(&());
    // One who comes meanwhile waits, too.
    let mut watch = Reader::connect(redis.reader_url())
        .unwrap()
        .watch("job_001")
        .unwrap();
    tokio::join!(
        refused(&publisher, "job_002", "BUSY"),
        waits_for_long(&mut watch)
    );
    // What is answered at once says that it cannot be, now.
    let error = publisher.reader().state("job_001").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    let said = error.to_string();
    assert!(said.contains("cannot answer the read now: BUSY"), "{said}");
    drop(busy);
    for seq in 0..102 {
        assert_eq!(next(&mut watch).await.seq(), Some(seq));
    }
    flushed(&publisher).await;
    holds(&redis, "job_001", 102);
    holds(&redis, "job_002", 1);
}

/// Row 15: while it is busy it does not say what it has lost.
#[tokio::test]
async fn a_server_that_comes_back_empty_and_busy_gets_what_it_had() {
    let mut redis = TestRedis::start();
    let proxy = Proxy::to(&redis);
    let publisher = impatient(proxy.url()).connect().unwrap();
    let job = publisher.job("job_001", "t").unwrap();
    emit_rows(&job, 100);
    flushed(&publisher).await;
    proxy.door(Door::Shut);
    redis.kill();
    redis.restart();
    let busy = script(&redis);
    let tries = proxy.traffic().connections;
    proxy.door(Door::Open);
    proxy.wait(|traffic| traffic.connections > tries);
    refused(&publisher, "job_002", "BUSY").await;
    drop(busy);
    job.completed(&());
    flushed(&publisher).await;
    holds(&redis, "job_001", 102);
    assert_eq!(publisher.stats().replayed, 101);
}

/// Row 15
#[tokio::test]
async fn a_replica_that_has_lost_its_master_is_waited_for() {
    let redis = TestRedis::with(&["--replica-serve-stale-data", "no"]);
    let publisher = Publisher::connect(redis.url()).unwrap();
    let job = publisher.job("job_001", "t").unwrap();
    flushed(&publisher).await;
    redis.demote();
    let mut asks = redis.client();
    assert_eq!(refusal(&mut asks, &["GET", "x"]), "MASTERDOWN");
    emit_rows(&job, 100);
    job.completed(&());
    let mut watch = Reader::connect(redis.reader_url())
        .unwrap()
        .watch("job_001")
        .unwrap();
    let (early, ()) = tokio::join!(publisher.flush(SHORT), waits_for_long(&mut watch));
    assert_eq!((early.complete, early.stats.delivered), (false, 1));
    redis.promote();
    for seq in 0..102 {
        assert_eq!(next(&mut watch).await.seq(), Some(seq));
    }
    flushed(&publisher).await;
    holds(&redis, "job_001", 102);
}

/// Row 20, for those who say a password first, whose refusal is heard, and those who do not.
#[tokio::test]
async fn a_server_with_clients_enough_is_waited_for() {
    tokio::join!(
        is_waited_for_with_clients_enough(""),
        is_waited_for_with_clients_enough("writer:secret@")
    );
}

async fn is_waited_for_with_clients_enough(user: &str) {
    let redis = TestRedis::start();
    redis.allow("writer", "on >secret ~job_* +@all");
    let proxy = Proxy::to(&redis);
    let url = proxy.url().replace("//", &format!("//{user}"));
    let publisher = Publisher::connect(&url).unwrap();
    let job = publisher.job("job_001", "t").unwrap();
    flushed(&publisher).await;
    let mut admin = redis.client();
    let mut allow = |clients: u32| {
        let mut command = redis::cmd("CONFIG");
        command.arg("SET").arg("maxclients").arg(clients);
        command.exec(&mut admin).unwrap();
    };
    allow(1);
    proxy.cut(End::Reset);
    emit_rows(&job, 100);
    job.completed(&());
    let mut watch = Reader::connect(&url).unwrap().watch("job_001").unwrap();
    waits_for_long(&mut watch).await;
    let early = publisher.stats();
    assert_eq!((early.delivered, early.pending), (1, 101));
    // Each waits for longer from try to try.
    let tries = proxy.traffic().connections;
    assert!((4..=20).contains(&tries), "{tries} connections");
    allow(100);
    for seq in 0..102 {
        assert_eq!(next(&mut watch).await.seq(), Some(seq));
    }
    flushed(&publisher).await;
    holds(&redis, "job_001", 102);
}

/// Row 15: nobody could have brought it back meanwhile.
#[tokio::test(flavor = "multi_thread")]
async fn a_stream_is_not_gone_because_its_server_was_busy_while_it_was_away() {
    // Ample for the script to begin within it.
    let grace = Duration::from_secs(3);
    let redis = TestRedis::start();
    let tell = |id: &str, event_type: &str| {
        let data = r#"{"run":"r1"}"#;
        let fields = ["data", data, "event_type", event_type];
        redis.run(&[&["XADD", "job_events:job_001", id], &fields[..]].concat());
    };
    let looks = || redis.calls("xinfo|stream") + redis.calls("xinfo");
    tell("1-0", "task_started");
    let reader = Reader::connect(redis.reader_url())
        .unwrap()
        .with_grace(grace);
    let mut watch = reader.hub().watch("job_001").unwrap();
    assert_eq!(next(&mut watch).await.id().ms(), 1);
    let follows = tokio::spawn(async move { next(&mut watch).await });
    redis.run(&["DEL", "job_events:job_001"]);
    wait_until("it is missed", || looks() > 0);
    let before = looks();
    let busy = script(&redis);
    // The time is what this is about.
    tokio::time::sleep(grace * 3 / 2).await;
    drop(busy);
    wait_until("it is looked for again", || looks() > before);
    tell("2-0", "task_completed");
    assert_eq!(follows.await.unwrap().id().ms(), 2);
}
