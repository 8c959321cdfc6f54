//! A watch that is taken up again where another left off, and what is missing from there on.
#![allow(clippy::unwrap_used)]

mod raw;

use raw::{KEY, add, event, gap, next, own, row, told};
use serde_json::json;
use stream_events::{Missing, Reader};
use support::TestRedis;

#[tokio::test]
async fn behind_a_declaration_that_has_no_seq_a_gap_is_named_all_the_same() {
    let redis = TestRedis::start();
    add(&redis, &own("task_started", "r1", 0));
    add(&redis, &row("r1", 1));
    let lost = json!({"event_type": "task_failed", "run": "r1", "error_kind": "lost"});
    let lost = add(&redis, &lost);
    let resumed = add(&redis, &own("task_resumed", "r1", 4));
    add(&redis, &own("task_completed", "r1", 5));
    let reader = Reader::connect(redis.reader_url()).unwrap();
    let mut watch = reader.watch("job_001").unwrap().after(lost);
    let missing = gap(next(&mut watch).await);
    assert_eq!(told(&missing), ("r1", 2, 2, Missing::Dropped));
    assert_eq!(event(next(&mut watch).await).id(), resumed);
}

/// Row 42: while nobody polled the watch, the id went after which it goes on, and more than that.
#[tokio::test]
async fn what_was_trimmed_where_a_watch_goes_on_is_a_gap() {
    let redis = TestRedis::start();
    let told_of = |seq: u64| add(&redis, &row("r1", seq));
    let seen: Vec<_> = (0..3).map(told_of).collect();
    let reader = Reader::connect(redis.reader_url()).unwrap();
    let mut watch = reader.watch("job_001").unwrap();
    for id in &seen {
        assert_eq!(event(next(&mut watch).await).id(), *id);
    }
    let later: Vec<_> = (3..10).map(told_of).collect();
    redis.run(&["XTRIM", KEY, "MAXLEN", "2"]);
    let missing = gap(next(&mut watch).await);
    assert_eq!(told(&missing), ("r1", 3, 5, Missing::Trimmed));
    // One that begins anew cannot know how far the run had come.
    let mut again = reader.watch("job_001").unwrap().after(seen[2]);
    let missing = gap(next(&mut again).await);
    assert_eq!(told(&missing), ("r1", 0, 8, Missing::Trimmed));
    for mut watch in [watch, again] {
        for id in &later[5..] {
            assert_eq!(event(next(&mut watch).await).id(), *id);
        }
    }
}
