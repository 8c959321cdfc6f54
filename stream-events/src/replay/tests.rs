//! A replay's pauses, by a clock that moves on when everyone waits.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::event::Values;
use crate::store::{Append, NewEntry, Purpose, StoreUrl};
use crate::{EventId, Item, Publisher, Reader, Status};

/// With events at these milliseconds.
async fn reader(name: &str, at: &[u64]) -> Reader {
    let store = StoreUrl::new(format!("memory:{name}")).open().unwrap();
    let connection = store.connect(Purpose::Prompt).await.unwrap();
    let entry = |ms: &u64| NewEntry {
        id: Some(EventId::new(*ms, 0)),
        values: Values::new(b"{}".to_vec(), b"", "t"),
    };
    let append = Append {
        key: "job_events:j".into(),
        entries: at.iter().map(entry).collect(),
        max_len: 10_000,
        expire: None,
    };
    let appended = connection.append(vec![Arc::new(append)]).await.unwrap();
    assert!(appended.iter().flatten().all(Result::is_ok));
    Reader::new(store, "job_events")
}

/// When each event came, in milliseconds from the first.
async fn turns(mut replay: super::Replay) -> Vec<u128> {
    let mut turns = Vec::new();
    let mut begun = None;
    while let Some(item) = replay.next().await {
        assert!(matches!(item.unwrap(), Item::Event(_)));
        let begun = begun.get_or_insert_with(Instant::now);
        turns.push(begun.elapsed().as_millis());
    }
    assert!(replay.next().await.is_none());
    turns
}

const AT: [u64; 5] = [5, 1005, 1005 + 500, 1505 + 60_000, 61_505 + 3_600_000];

#[tokio::test(start_paused = true)]
async fn events_come_as_far_from_each_other_as_they_were() {
    let reader = reader("spacing", &AT).await;
    let replay = || reader.replay("j").unwrap();
    assert_eq!(turns(replay()).await, [0, 1000, 1500, 61_500, 3_661_500]);
    assert_eq!(
        turns(replay().speed(10.0)).await,
        [0, 100, 150, 6150, 366_150]
    );
    assert_eq!(
        turns(replay().speed(0.5)).await,
        [0, 2000, 3000, 123_000, 7_323_000]
    );
    assert_eq!(turns(replay().speed(f64::INFINITY)).await, [0; 5]);
    for none in [0.0, -1.0, f64::NAN, f64::NEG_INFINITY] {
        assert_eq!(
            turns(replay().speed(none)).await,
            [0, 1000, 1500, 61_500, 3_661_500]
        );
    }
}

#[tokio::test]
async fn what_was_published_after_the_end_leaves_a_copy_ended() {
    let publisher = Publisher::connect("memory:copy_after_the_end").unwrap();
    publisher.job("j", "t").unwrap().completed(&());
    let review = serde_json::json!({"event_type": "reviewed"});
    publisher.publish_event("j", &review).await.unwrap();
    let replay = publisher.reader().replay("j").unwrap();
    let copied = replay.to(&publisher, "k").await.unwrap();
    assert_eq!(copied.events, 3);
    let state = publisher.reader().state("k").await.unwrap().unwrap();
    assert_eq!((state.status, state.events), (Status::Completed, 3));
}

#[tokio::test(start_paused = true)]
async fn no_pause_is_longer_than_a_day() {
    const DAY: u128 = 86_400_000;
    let reader = reader("clocks", &[1, u64::MAX / 2, u64::MAX]).await;
    let replay = || reader.replay("j").unwrap();
    assert_eq!(turns(replay()).await, [0, DAY, 2 * DAY]);
    assert_eq!(
        turns(replay().speed(f64::MIN_POSITIVE)).await,
        [0, DAY, 2 * DAY]
    );
}

#[tokio::test(start_paused = true)]
async fn what_is_taken_late_puts_nothing_off() {
    let reader = reader("late", &AT).await;
    let mut replay = reader.replay("j").unwrap();
    let begun = Instant::now();
    replay.next().await.unwrap().unwrap();
    tokio::time::sleep(Duration::from_millis(1200)).await;
    let mut turns = Vec::new();
    while replay.next().await.is_some() {
        turns.push(begun.elapsed().as_millis());
    }
    assert_eq!(turns, [1200, 1500, 61_500, 3_661_500]);
}

/// Reading on without end would leave no turn for another task.
#[cfg(feature = "axum")]
#[tokio::test]
async fn a_replay_of_which_nothing_is_asked_for_lets_others_have_their_turn() {
    let reader = reader("turns", &(1..1000).collect::<Vec<_>>()).await;
    for (after, query) in [(0, "nothing"), (999, "")] {
        let replay = reader.replay("j").unwrap().speed(f64::INFINITY);
        let mut replay = replay.from(EventId::new(after, 0), query.parse().unwrap());
        let others = async {
            for _ in 0..2 {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            biased;
            item = replay.next() => panic!("{after}: {item:?}"),
            () = others => {}
        }
    }
}
