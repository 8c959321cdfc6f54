//! Servers and rights that do not let a hub be told what changes: it asks, and no watch misses an event.
#![allow(clippy::unwrap_used)]

mod followed;
mod raw;

use std::time::{Duration, Instant};

use followed::next;
use futures_util::future::join_all;
use raw::add_to_each;
use stream_events::{Hub, Reader};
use support::{End, Proxy, Rule, TestRedis, Way};
use tokio::time::{sleep, timeout};

const SOON: Duration = Duration::from_secs(60);

fn tracking(redis: &TestRedis) -> u64 {
    redis.info("clients", "tracking_clients").parse().unwrap()
}

/// All have what comes, live, on this many connections.
async fn follows(redis: &TestRedis, hub: &Hub, jobs: u64, connections: u64) {
    add_to_each(redis, 0..jobs, "task_started", 0);
    let watch = |job: u64| hub.watch(job.to_string()).unwrap();
    let mut watches: Vec<_> = (0..jobs).map(watch).collect();
    let mut most = 0;
    for seq in 0..4 {
        let kind = if seq == 3 { "task_completed" } else { "row" };
        let all = join_all(watches.iter_mut().map(next));
        let added = async {
            if seq > 0 {
                // They wait by now, or begin to: either way they are to have it.
                sleep(Duration::from_millis(50 * seq)).await;
                add_to_each(redis, 0..jobs, kind, seq);
            }
        };
        for event in tokio::join!(all, added).0 {
            assert_eq!(event.seq(), Some(seq));
        }
        let clients: u64 = redis.info("clients", "connected_clients").parse().unwrap();
        most = most.max(clients);
    }
    // One asks, and some that have gone may not be forgotten yet.
    let some = connections + 1..=connections + 3;
    assert!(some.contains(&most), "{most}");
    for mut watch in watches {
        assert!(watch.next().await.is_none());
    }
}

fn as_user(redis: &TestRedis, rules: &str) -> Hub {
    redis.allow("u", &format!("on nopass ~* +@all {rules}"));
    let url = redis.url().replace("redis://", "redis://u:p@");
    Reader::connect(url).unwrap().hub()
}

#[tokio::test]
async fn without_the_right_to_be_told_a_hub_asks_256_streams_a_connection() {
    let redis = TestRedis::start();
    let hub = as_user(&redis, "-client");
    follows(&redis, &hub, 600, 1 + 3).await;
    assert_eq!(tracking(&redis), 0);
}

#[tokio::test]
async fn where_resp3_is_refused_a_hub_asks() {
    let redis = TestRedis::with(&["--rename-command", "HELLO", ""]);
    let hub = Reader::connect(redis.reader_url()).unwrap().hub();
    follows(&redis, &hub, 10, 1 + 1).await;
    assert_eq!(tracking(&redis), 0);
    // So does a proxy that hangs up on what it does not know.
    let redis = TestRedis::start();
    let proxy = Proxy::to(&redis);
    proxy.rule(Way::ToServer, Rule::CutOn(b"HELLO".to_vec(), End::Fin));
    let hub = Reader::connect(proxy.url()).unwrap().hub();
    follows(&redis, &hub, 10, 1 + 1).await;
    assert_eq!(tracking(&redis), 0);
}

#[tokio::test]
async fn a_url_that_asks_for_resp2_does_not_keep_a_hub_from_being_told() {
    let redis = TestRedis::start();
    let hub = Reader::connect(redis.reader_url() + "?protocol=resp2")
        .unwrap()
        .hub();
    let mut waiting = hub.watch("waiting").unwrap();
    assert!(
        timeout(Duration::from_millis(50), waiting.next())
            .await
            .is_err()
    );
    assert_eq!(tracking(&redis), 1);
    follows(&redis, &hub, 10, 1).await;
}

/// One that is no stream has the read of all refused; one that comes is seen within a round.
#[tokio::test]
async fn a_hub_that_asks_is_held_up_by_nothing() {
    let redis = TestRedis::start();
    let hub = as_user(&redis, "-client");
    add_to_each(&redis, 0..1, "task_started", 0);
    let [mut watch, mut wrong] = ["0", "1"].map(|job| hub.watch(job).unwrap());
    assert_eq!(next(&mut watch).await.seq(), Some(0));
    assert!(
        timeout(Duration::from_millis(200), wrong.next())
            .await
            .is_err()
    );
    redis.occupy("job_events:1");
    let wrong = tokio::spawn(async move { wrong.next().await });
    let mut latest = Duration::ZERO;
    for seq in 1..20 {
        let mut new = hub.watch(format!("new{seq}")).unwrap();
        assert!(timeout(Duration::from_millis(5), new.next()).await.is_err());
        add_to_each(&redis, 0..1, "row", seq);
        let begun = Instant::now();
        assert_eq!(next(&mut watch).await.seq(), Some(seq));
        latest = latest.max(begun.elapsed());
    }
    // Where nothing is heard, a watch looks every 5 s.
    assert!(latest < Duration::from_secs(4), "{latest:?}");
    let wrong = timeout(SOON, wrong).await.unwrap().unwrap();
    assert!(wrong.unwrap().is_err());
}

/// What kills a connection on which is asked ends no watch.
#[tokio::test]
async fn a_hub_that_asks_goes_on_where_its_connections_are_killed() {
    let redis = TestRedis::start();
    let hub = as_user(&redis, "-client");
    let mut watch = hub.watch("0").unwrap();
    for seq in 0..10 {
        add_to_each(&redis, 0..1, "row", seq);
        if seq % 2 == 1 {
            redis.kill_connections();
        }
        assert_eq!(next(&mut watch).await.seq(), Some(seq));
    }
}
