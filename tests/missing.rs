//! What a watch cannot have, since it was trimmed or dropped.
#![allow(clippy::unwrap_used)]

mod raw;

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use raw::{KEY, add, event, gap, next, own, rest, row, told};
use stream_events::{Item, Missing, Reader};
use support::TestRedis;

/// How long a stream has to be away before it is gone.
const SHORT: Duration = Duration::from_millis(100);

fn reader(redis: &TestRedis) -> Reader {
    Reader::connect(redis.reader_url())
        .unwrap()
        .with_grace(SHORT)
}

/// Row 42: the end of the run that was followed went, too.
#[tokio::test]
async fn where_it_goes_on_after_an_event_that_is_trimmed_a_gap_is_first() {
    let redis = TestRedis::start();
    let first = add(&redis, &own("task_started", "a", 0));
    add(&redis, &row("a", 1));
    add(&redis, &own("task_failed", "a", 2));
    add(&redis, &own("task_started", "b", 0));
    let end = add(&redis, &own("task_completed", "b", 1));
    redis.run(&["XTRIM", KEY, "MAXLEN", "2"]);
    let mut watch = reader(&redis).watch("job_001").unwrap().after(first);
    let items = rest(&mut watch).await;
    assert_eq!(items.len(), 3, "{items:?}");
    assert_eq!(
        told(&gap(Some(items[0].clone()))),
        ("", 0, 0, Missing::Trimmed)
    );
    assert_eq!(event(Some(items[2].clone())).id(), end);
    // All of it, by who was not there before.
    let items = rest(&mut reader(&redis).watch("job_001").unwrap()).await;
    assert_eq!(items.len(), 2, "{items:?}");
}

/// Row 42: not even the front of the stream is left.
#[tokio::test]
async fn where_all_is_trimmed_the_gap_is_before_what_comes() {
    let redis = TestRedis::start();
    let first = add(&redis, &own("task_started", "a", 0));
    let second = add(&redis, &row("a", 1));
    redis.run(&["XTRIM", KEY, "MAXLEN", "0"]);
    let watch = |after| reader(&redis).watch("job_001").unwrap().after(after);
    let (mut missed, mut at_the_end) = (watch(first), watch(second));
    for watch in [&mut missed, &mut at_the_end] {
        let nothing = tokio::time::timeout(5 * SHORT, watch.next()).await;
        assert!(nothing.is_err(), "it is empty, and not gone: {nothing:?}");
    }
    add(&redis, &row("a", 2));
    let there = gap(next(&mut missed).await);
    assert_eq!(told(&there), ("a", 0, 2, Missing::Trimmed));
    assert_eq!(event(next(&mut missed).await).seq(), Some(2));
    // Who has seen all of it misses nothing.
    assert_eq!(event(next(&mut at_the_end).await).seq(), Some(2));
}

/// Row 42: of what is missing where nobody trimmed, the store is not to blame.
#[tokio::test]
async fn what_was_dropped_is_told_from_what_was_trimmed() {
    let redis = TestRedis::start();
    add(&redis, &row("a", 0));
    let mut watch = reader(&redis).watch("job_001").unwrap();
    assert_eq!(event(next(&mut watch).await).seq(), Some(0));
    add(&redis, &row("a", 3));
    assert_eq!(
        told(&gap(next(&mut watch).await)),
        ("a", 1, 2, Missing::Dropped)
    );
    event(next(&mut watch).await);
    for seq in 4..8 {
        add(&redis, &row("a", seq));
    }
    add(&redis, &row("a", 9));
    redis.run(&["XTRIM", KEY, "MAXLEN", "2"]);
    assert_eq!(
        told(&gap(next(&mut watch).await)),
        ("a", 4, 3, Missing::Trimmed)
    );
    event(next(&mut watch).await);
    assert_eq!(
        told(&gap(next(&mut watch).await)),
        ("a", 8, 1, Missing::Dropped)
    );
}

/// Row 42: however it is trimmed while it is read, each seq comes, or is in one gap.
#[tokio::test(flavor = "multi_thread")]
async fn while_a_stream_is_trimmed_each_seq_comes_or_is_in_a_gap() {
    const SEQS: u64 = 4000;
    static WRITTEN: AtomicU64 = AtomicU64::new(0);
    let redis = TestRedis::start();
    let mut client = redis.client();
    let mut watch = reader(&redis).watch("job_001").unwrap();
    let writes = tokio::task::spawn_blocking(move || {
        for seq in 0..SEQS {
            let kind = if seq + 1 == SEQS {
                "task_completed"
            } else {
                "row"
            };
            let data = own(kind, "a", seq).to_string();
            let mut add = redis::cmd("XADD");
            add.arg(KEY)
                .arg("MAXLEN")
                .arg(40 - seq % 7 * 5)
                .arg("*")
                .arg("data")
                .arg(data);
            add.exec(&mut client).unwrap();
            WRITTEN.store(seq + 1, Relaxed);
        }
    });
    let (mut expected, mut missing) = (0, 0);
    while let Some(item) = next(&mut watch).await {
        match item {
            Item::Event(event) => {
                assert_eq!(event.seq(), Some(expected));
                expected += 1;
                // A reader that is slower than the writer: what it has not read yet is trimmed by then.
                while expected % 16 == 0 && WRITTEN.load(Relaxed) < SEQS.min(expected + 100) {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
            }
            Item::Gap(gap) => {
                assert_eq!(told(&gap), ("a", expected, gap.count, Missing::Trimmed));
                expected += gap.count;
                missing += gap.count;
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(expected, SEQS);
    assert!(missing > 0, "it was never too slow");
    writes.await.unwrap();
}

/// Row 42 for a reader that may read and ask nothing else.
#[tokio::test]
async fn without_the_right_to_ask_about_a_stream_it_is_read_all_the_same() {
    let redis = TestRedis::start();
    let first = add(&redis, &own("task_started", "a", 0));
    add(&redis, &own("task_completed", "a", 1));
    redis.allow(
        "ann",
        "on >pw ~job_events:* +xread +xrange +xrevrange +hello +ping +client",
    );
    let url = redis.url().replace("//", "//ann:pw@");
    let reader = Reader::connect(url).unwrap().with_grace(SHORT);
    let items = rest(&mut reader.watch("job_001").unwrap().after(first)).await;
    assert_eq!(items.len(), 1, "{items:?}");
    redis.run(&["DEL", KEY]);
    let mut watch = reader.watch("job_001").unwrap().after(first);
    let nothing = tokio::time::timeout(5 * SHORT, watch.next()).await;
    assert!(
        nothing.is_err(),
        "nobody may say that it is gone: {nothing:?}"
    );
}
