//! The lifecycle of all jobs, shared by a fleet.
#![allow(clippy::unwrap_used)]

mod members;
mod rows;

use std::collections::BTreeSet;
use std::time::Duration;

use members::{FEED, acked, name, next, pending, shared};
use rows::runs;
use stream_events::{ErrorKind, EventId, Publisher, Reader};
use support::TestRedis;
use tokio::time::timeout;

const SHORT: Duration = Duration::from_millis(500);

async fn is_shared(url: &str) {
    let publisher = Publisher::connect(url).unwrap();
    for n in 0..50 {
        runs(&publisher, &format!("job_{n}")).await;
    }
    let reader = publisher.reader();
    let member = || reader.feed_group("fleet").unwrap().after(EventId::ZERO);
    let given = shared(&mut [member(), member(), member()], 100).await;
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
    let reader = Reader::connect(redis.reader_url()).unwrap();
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
    assert!(group.next().await.is_none());
}
