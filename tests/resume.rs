//! A watch that is taken up again where another left off, and what is missing from there on.
#![allow(clippy::unwrap_used)]

mod raw;

use raw::{KEY, add, event, gap, next, own, row, told};
use serde_json::{Value, json};
use stream_events::{EventId, Missing, Reader};
use support::{TestRedis, wait_until};

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

/// Row 14: whoever left off at the new master begins at the old one, which takes itself for one still, and has to come back.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn what_a_store_had_that_lacks_the_event_where_a_watch_goes_on_is_not_taken_for_seen() {
    let redis = TestRedis::start();
    let seqs: Vec<_> = (0..4)
        .map(|seq| (add(&redis, &row("r1", seq)), seq))
        .collect();
    let lost = EventId::new(seqs[3].0.ms() + 1, 1);
    redis.run(&["XSETID", KEY, &EventId::new(lost.ms(), 2).to_string()]);
    let reader = Reader::connect(redis.reader_url()).unwrap();
    let mut watch = reader.watch("job_001").unwrap().after(lost);
    let reads = tokio::spawn(async move {
        [
            next(&mut watch).await,
            next(&mut watch).await,
            next(&mut watch).await,
        ]
    });
    wait_until("it reads behind that", || {
        redis.info("clients", "blocked_clients") == "1"
    });

    let above = |n: u64| EventId::new(lost.ms(), 2 + n);
    let mut other = redis::pipe();
    other.atomic().del(KEY);
    let mut has = |id: EventId, data: Value| {
        let add = other.cmd("XADD").arg(KEY).arg(id.to_string());
        add.arg("data").arg(data.to_string());
    };
    seqs[..2]
        .iter()
        .for_each(|(id, seq)| has(*id, row("r1", *seq)));
    has(
        lost,
        json!({"event_type": "task_failed", "run": "r1", "error_kind": "lost"}),
    );
    has(above(1), row("r1", 2));
    has(above(2), row("r1", 3));
    has(above(3), own("task_completed", "r1", 4));
    other.exec(&mut redis.client()).unwrap();
    let read = reads.await.unwrap().map(|item| event(item).seq());
    assert_eq!(read, [Some(2), Some(3), Some(4)]);
}
