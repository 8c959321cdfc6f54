//! The lifecycle of all jobs, shared by a fleet.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use stream_events::{Assigned, ErrorKind, EventId, FeedGroup, Publisher, Reader};
use support::{Program, TestRedis, scenario, wait_until};
use tokio::time::timeout;

const FEED: &str = "job_index:feed";
const IN_TIME: Duration = Duration::from_secs(30);
const SHORT: Duration = Duration::from_millis(500);

async fn flushed(publisher: &Publisher) {
    let report = publisher.flush(IN_TIME).await;
    assert!(report.complete, "{report}");
}

async fn runs(publisher: &Publisher, job: &str) {
    publisher.job(job, "t").unwrap().completed(&());
    flushed(publisher).await;
}

fn name(assigned: &Assigned) -> String {
    let event = assigned.event();
    format!("{} {}", event.job_id().unwrap(), event.event_type())
}

async fn next(group: &mut FeedGroup) -> Assigned {
    let next = timeout(IN_TIME, group.next()).await;
    next.expect("in time").unwrap().unwrap()
}

async fn acked(group: &mut FeedGroup) -> String {
    let assigned = next(group).await;
    assigned.ack().await.unwrap();
    name(&assigned)
}

/// What is pending in a group.
fn pending(redis: &TestRedis, group: &str) -> u64 {
    let mut command = redis::cmd("XPENDING");
    command.arg(FEED).arg(group);
    let (count, ..): (u64, redis::Value, redis::Value, redis::Value) =
        command.query(&mut redis.client()).unwrap();
    count
}

/// All that a fleet is given, by member, until there is nothing more for a while.
async fn shared(reader: &Reader, members: usize, events: usize) -> Vec<Vec<String>> {
    let mut given = vec![Vec::new(); members];
    let mut fleet: Vec<_> = (0..members)
        .map(|_| reader.feed_group("fleet").unwrap().after(EventId::ZERO))
        .collect();
    let began = Instant::now();
    while given.iter().map(Vec::len).sum::<usize>() < events {
        assert!(began.elapsed() < IN_TIME, "{given:?}");
        for (member, given) in fleet.iter_mut().zip(&mut given) {
            let wait = Duration::from_millis(20);
            if let Ok(assigned) = timeout(wait, member.next()).await {
                let assigned = assigned.unwrap().unwrap();
                assigned.ack().await.unwrap();
                given.push(name(&assigned));
            }
        }
    }
    given
}

async fn is_shared(url: &str) {
    let publisher = Publisher::connect(url).unwrap();
    for n in 0..50 {
        runs(&publisher, &format!("job_{n}")).await;
    }
    let given = shared(&publisher.reader(), 3, 100).await;
    assert!(given.iter().all(|given| !given.is_empty()), "{given:?}");
    let all: BTreeSet<_> = given.iter().flatten().collect();
    assert_eq!(all.len(), 100, "each once");
}

#[tokio::test]
async fn each_event_is_for_one_of_the_fleet() {
    is_shared(&TestRedis::start().url()).await;
    is_shared("memory:fleet").await;
}

async fn begins_where_it_is_told(url: &str) {
    let publisher = Publisher::connect(url).unwrap();
    let reader = publisher.reader();
    runs(&publisher, "before").await;
    let mut all = reader.feed_group("all").unwrap().after(EventId::ZERO);
    assert_eq!(acked(&mut all).await, "before task_started");
    let mut new = reader.feed_group("new").unwrap();
    assert!(timeout(SHORT, new.next()).await.is_err());
    runs(&publisher, "after").await;
    assert_eq!(acked(&mut new).await, "after task_started");
    // It is there now, and what another says of where it begins does not matter.
    let mut another = reader.feed_group("new").unwrap().after(EventId::ZERO);
    drop(new);
    let mut claims = reader.feed_group("new").unwrap().claim_after(SHORT);
    let given = tokio::select! {
        given = acked(&mut another) => given,
        given = acked(&mut claims) => given,
    };
    assert_eq!(given, "after task_completed");
}

#[tokio::test]
async fn a_group_begins_with_what_comes_or_with_the_oldest_and_then_goes_on() {
    begins_where_it_is_told(&TestRedis::start().url()).await;
    begins_where_it_is_told("memory:group_begins").await;
}

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
    let began = Instant::now();
    let taken = next(&mut second).await;
    assert_eq!(taken.event().id(), started.event().id());
    assert!(began.elapsed() < IN_TIME);
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
    let mut fleet: Vec<_> = (0..2)
        .map(|_| reader.feed_group("fleet").unwrap().claim_after(SHORT))
        .collect();
    let mut given = Vec::new();
    let began = Instant::now();
    while given.len() < 18 {
        assert!(began.elapsed() < IN_TIME, "{given:?}");
        for member in &mut fleet {
            let wait = Duration::from_millis(20);
            if let Ok(assigned) = timeout(wait, member.next()).await {
                let assigned = assigned.unwrap().unwrap();
                assigned.ack().await.unwrap();
                given.push(name(&assigned));
            }
        }
    }
    let all: BTreeSet<_> = given.iter().cloned().chain(done).collect();
    assert_eq!((given.len(), all.len()), (18, 20));
    assert_eq!(pending(&redis, "fleet"), 0);
}

#[tokio::test]
async fn what_was_told_twice_falls_to_one_also_where_another_has_taken_the_first() {
    let redis = TestRedis::start();
    let add = |job: &str, id: &str| {
        let data = format!(r#"{{"job_id":"{job}","run":"r","event_id":"{id}"}}"#);
        redis.run(&[
            "XADD",
            FEED,
            "*",
            "data",
            &data,
            "event_type",
            "task_started",
        ]);
    };
    add("a", "7-0");
    let reader = Reader::connect(redis.url()).unwrap();
    let group = || reader.feed_group("g").unwrap().after(EventId::ZERO);
    let mut first = group();
    let held = next(&mut first).await;
    assert_eq!(name(&held), "a task_started");
    add("a", "7-0");
    add("b", "8-0");
    let mut second = group();
    assert_eq!(acked(&mut second).await, "b task_started");
    assert_eq!(pending(&redis, "g"), 1, "what the first has");
    held.ack().await.unwrap();
    assert_eq!(pending(&redis, "g"), 0);
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

#[tokio::test]
async fn without_rights_a_member_ends_with_an_error() {
    let redis = TestRedis::start();
    redis.run(&["XADD", FEED, "*", "data", "{}"]);
    redis.allow("other", "on >secret ~* +@all -xreadgroup");
    let url = redis.url().replace("//", "//other:secret@");
    let mut group = Reader::connect(url).unwrap().feed_group("g").unwrap();
    let error = group.next().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Rejected);
    assert!(error.to_string().contains("NOPERM"), "{error}");
    assert!(group.by_ref().next().await.is_none());
}
