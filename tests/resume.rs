//! A watch that is taken up again where another left off, and what is missing from there on.
#![allow(clippy::unwrap_used)]

use std::time::Duration;

use serde_json::{Value, json};
use stream_events::{EventId, Gap, Item, Missing, Reader, Watch};
use support::TestRedis;

/// Appends an event as any publisher may have written it.
fn add(redis: &TestRedis, data: Value) -> EventId {
    let kind = data["event_type"].as_str().unwrap();
    let mut add = redis::cmd("XADD");
    add.arg("job_events:job_001").arg("*");
    add.arg("data").arg(data.to_string()).arg("timestamp");
    let id = add.arg("").arg("event_type").arg(kind);
    let id: String = id.query(&mut redis.client()).unwrap();
    id.parse().unwrap()
}

#[tokio::test]
async fn behind_a_declaration_that_has_no_seq_a_gap_is_named_all_the_same() {
    let redis = TestRedis::start();
    let own = |kind: &str, seq: u64| json!({"event_type": kind, "run": "r1", "seq": seq});
    add(&redis, own("task_started", 0));
    add(&redis, own("row", 1));
    let lost = json!({"event_type": "task_failed", "run": "r1", "error_kind": "lost"});
    let lost = add(&redis, lost);
    let resumed = add(&redis, own("task_resumed", 4));
    add(&redis, own("task_completed", 5));
    let reader = Reader::connect(redis.url()).unwrap();
    let mut watch = reader.watch("job_001").unwrap().after(lost);
    let Item::Gap(gap) = next(&mut watch).await else {
        panic!("no gap");
    };
    assert_eq!(told(&gap), ("r1", 2, 2, Missing::Dropped));
    let Some(Ok(Item::Event(event))) = watch.next().await else {
        panic!("no event");
    };
    assert_eq!(event.id(), resumed);
}

fn told(gap: &Gap) -> (&str, u64, u64, Missing) {
    (&gap.run, gap.first, gap.count, gap.why)
}

async fn next(watch: &mut Watch) -> Item {
    let next = tokio::time::timeout(Duration::from_secs(30), watch.next()).await;
    next.expect("an item comes").unwrap().unwrap()
}

/// Row 42: while nobody polled the watch, the id went after which it goes on, and more than that.
#[tokio::test]
async fn what_was_trimmed_where_a_watch_goes_on_is_a_gap() {
    let redis = TestRedis::start();
    let row = |seq: u64| json!({"event_type": "row", "run": "r1", "seq": seq});
    let seen: Vec<_> = (0..3).map(|seq| add(&redis, row(seq))).collect();
    let reader = Reader::connect(redis.url()).unwrap();
    let mut watch = reader.watch("job_001").unwrap();
    for id in &seen {
        assert!(matches!(next(&mut watch).await, Item::Event(event) if event.id() == *id));
    }
    let later: Vec<_> = (3..10).map(|seq| add(&redis, row(seq))).collect();
    redis.run(&["XTRIM", "job_events:job_001", "MAXLEN", "2"]);
    let item = next(&mut watch).await;
    let Item::Gap(gap) = &item else {
        panic!("{item:?}")
    };
    assert_eq!(told(gap), ("r1", 3, 5, Missing::Trimmed));
    // One that begins anew cannot know how far the run had come.
    let mut again = reader.watch("job_001").unwrap().after(seen[2]);
    let Item::Gap(gap) = next(&mut again).await else {
        panic!("no gap")
    };
    assert_eq!(told(&gap), ("r1", 0, 8, Missing::Trimmed));
    for mut watch in [watch, again] {
        for id in &later[5..] {
            assert!(matches!(next(&mut watch).await, Item::Event(event) if event.id() == *id));
        }
    }
}
