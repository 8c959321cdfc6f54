//! A fleet that shares the lifecycle of all jobs, where a member does not come back, or the server does without all
//! that it had.
#![allow(clippy::unwrap_used)]

mod members;
mod rows;

use std::collections::BTreeSet;
use std::time::Duration;

use members::{FEED, IN_TIME, acked, name, next, pending, shared};
use rows::runs;
use stream_events::{EventId, Publisher, Reader};
use support::{Program, TestRedis, scenario, wait_until};
use tokio::time::timeout;

const SHORT: Duration = Duration::from_millis(500);

async fn is_taken_over(url: &str) {
    let publisher = Publisher::connect(url).unwrap();
    let reader = publisher.reader();
    runs(&publisher, "job").await;
    let group = |name: &str| {
        let group = reader
            .feed_group("g")
            .unwrap()
            .after(EventId::ZERO)
            .member(name)
            .unwrap();
        group.claim_after(SHORT)
    };
    let mut first = group("first");
    let started = next(&mut first).await;
    let completed = next(&mut first).await;
    // One that has what it does acknowledged later than all of this.
    completed.ack().await.unwrap();
    let mut second = group("second");
    let taken = next(&mut second).await;
    assert_eq!(taken.event().id(), started.event().id());
    taken.ack().await.unwrap();
    let mut third = group("third");
    assert!(timeout(2 * SHORT, third.next()).await.is_err());
}

#[tokio::test]
async fn what_is_not_acknowledged_in_time_is_for_another() {
    is_taken_over(&TestRedis::start().url()).await;
    is_taken_over("memory:taken_over").await;
}

/// A member that has taken some, acknowledged two, and does not come back.
async fn takes_some(url: &str) {
    let reader = Reader::connect(url).unwrap();
    let mut group = reader.feed_group("fleet").unwrap().member("dead").unwrap();
    let mut held = Vec::new();
    for n in 0..10 {
        let assigned = group.next().await.unwrap().unwrap();
        if n < 2 {
            assigned.ack().await.unwrap();
            println!("done with {}", name(&assigned));
        }
        held.push(assigned);
    }
    println!("ten are taken");
    std::future::pending::<()>().await;
}

/// Row 25, of a reader
#[tokio::test]
async fn what_a_killed_member_had_taken_is_for_the_others_once() {
    const TEST: &str = "what_a_killed_member_had_taken_is_for_the_others_once";
    if let Some(url) = scenario() {
        return takes_some(&url).await;
    }
    let redis = TestRedis::start();
    redis.run(&["XGROUP", "CREATE", FEED, "fleet", "$", "MKSTREAM"]);
    let publisher = Publisher::connect(redis.url()).unwrap();
    for n in 0..10 {
        runs(&publisher, &format!("job_{n}")).await;
    }
    let mut member = Program::again(TEST, &redis.url()).start();
    member.wait_for("ten are taken");
    member.signal("KILL");
    let said = member.wait().said;
    let done = said
        .lines()
        .filter_map(|line| line.strip_prefix("done with "));
    let done: BTreeSet<_> = done.map(str::to_owned).collect();
    assert_eq!(done.len(), 2);
    let reader = publisher.reader();
    let member = || reader.feed_group("fleet").unwrap().claim_after(SHORT);
    let given = shared(&mut [member(), member()], 18).await.concat();
    let all: BTreeSet<_> = given.iter().cloned().chain(done).collect();
    assert_eq!((given.len(), all.len()), (18, 20));
    assert_eq!(pending(&redis, "fleet"), 0);
}

/// The group goes with the feed, as when its server has lost all.
#[tokio::test(flavor = "multi_thread")]
async fn a_group_goes_on_over_a_restart_and_has_all_of_a_new_feed() {
    let mut redis = TestRedis::start();
    let publisher = Publisher::connect(redis.url()).unwrap();
    let reader = publisher.reader();
    runs(&publisher, "a").await;
    let mut group = reader.feed_group("g").unwrap().after(EventId::ZERO);
    let held = [next(&mut group).await, next(&mut group).await];
    redis.kill();
    redis.restart();
    let error = async {
        let acked = held[0].ack().await;
        acked.err().map(|error| error.kind())
    };
    // Nobody has it, and that is as good.
    assert_eq!(error.await, None);
    let took = tokio::spawn(async move { [acked(&mut group).await, acked(&mut group).await] });
    runs(&publisher, "b").await;
    let took = timeout(IN_TIME, took).await.unwrap().unwrap();
    // What the server had lost it has again, and this member knows that it was given that.
    assert_eq!(took, ["b task_started", "b task_completed"]);
    wait_until("all is done with", || pending(&redis, "g") == 0);
    let mut fresh = publisher
        .reader()
        .feed_group("h")
        .unwrap()
        .after(EventId::ZERO);
    assert!(acked(&mut fresh).await.starts_with("a "));
    redis.run(&["DEL", FEED]);
    let creates = || redis.calls("xgroup|create") + redis.calls("xgroup");
    let before = creates();
    let mut anew = publisher.reader().feed_group("g").unwrap();
    let waits = tokio::spawn(async move { acked(&mut anew).await });
    wait_until("it waits", || creates() > before);
    runs(&publisher, "c").await;
    let first = timeout(IN_TIME, waits).await.unwrap().unwrap();
    assert_eq!(first, "c task_started");
}
