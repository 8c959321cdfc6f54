//! A stream in whose place another one is: its events have ids that are not above those that were seen.
#![allow(clippy::unwrap_used)]

mod placed;
mod raw;

use std::time::Duration;

use placed::{foreign, put, replace, skip, told, watches};
use raw::{gap, next, own, rest};
use stream_events::{EventId, Missing, Status};
use support::TestRedis;

const SOON: Duration = Duration::from_secs(30);

/// Row 43
#[tokio::test]
async fn a_stream_made_anew_is_followed_from_its_start_behind_a_gap() {
    for of_hub in 0..2 {
        let redis = TestRedis::start();
        let mut watch = watches(&redis).into_iter().nth(of_hub).unwrap();
        put(&redis, 1000, &own("task_started", "a", 0));
        put(&redis, 1001, &own("row", "a", 1));
        skip(&mut watch, 2).await;
        let events = [(1, foreign(1)), (2, own("task_started", "b", 0))];
        replace(&redis, &events);
        assert_eq!(told(&[next(&mut watch).await.unwrap()]), ["a? 2"]);
        skip(&mut watch, 2).await;
        put(&redis, 3, &foreign(2));
        put(&redis, 4, &own("task_completed", "b", 1));
        assert_eq!(told(&rest(&mut watch).await), ["3", "4"], "{of_hub}");
    }
}

/// Its run goes on: its seqs say what is missing.
#[tokio::test]
async fn a_run_that_goes_on_in_another_stream_is_counted_on() {
    let redis = TestRedis::start();
    let [mut watch, _] = watches(&redis);
    put(&redis, 1000, &own("task_started", "a", 0));
    skip(&mut watch, 1).await;
    let events = [(1, own("row", "a", 3)), (2, own("task_completed", "a", 4))];
    replace(&redis, &events);
    assert_eq!(told(&[next(&mut watch).await.unwrap()]), ["? 0"]);
    let between = gap(next(&mut watch).await);
    assert_eq!(
        (&*between.run, between.first, between.count, between.why),
        ("a", 1, 2, Missing::Trimmed)
    );
    assert_eq!(told(&rest(&mut watch).await), ["1", "2"]);
}

/// Row 43: nothing of what it was is known.
#[tokio::test]
async fn who_comes_back_to_another_stream_has_all_of_it() {
    let redis = TestRedis::start();
    put(&redis, 1, &own("task_started", "b", 0));
    put(&redis, 2, &foreign(1));
    let after = EventId::new(1000, 0);
    let [own_line, of_hub] = watches(&redis).map(|watch| watch.after(after));
    for mut watch in [own_line, of_hub] {
        assert_eq!(told(&[next(&mut watch).await.unwrap()]), ["? 0"]);
        skip(&mut watch, 2).await;
    }
    // One that has ended by then.
    put(&redis, 3, &own("task_completed", "b", 1));
    let [mut watch, last] = watches(&redis).map(|watch| watch.after(after));
    assert_eq!(told(&rest(&mut watch).await), ["? 0", "1", "2", "3"]);
    // Behind all ids there is nothing.
    assert!(rest(&mut last.after(EventId::MAX)).await.is_empty());
}

#[tokio::test]
async fn the_state_of_a_stream_made_anew_is_that_of_its_run() {
    let redis = TestRedis::start();
    let [watch, _] = watches(&redis);
    let mut states = watch.states();
    put(&redis, 1000, &own("task_started", "a", 0));
    assert_eq!(
        states.next().await.unwrap().unwrap().run.as_deref(),
        Some("a")
    );
    let events = [
        (1, own("task_started", "b", 0)),
        (2, own("task_completed", "b", 1)),
    ];
    replace(&redis, &events);
    let mut last = None;
    let told = async {
        while let Some(state) = states.next().await {
            last = Some(state.unwrap());
        }
    };
    tokio::time::timeout(SOON, told).await.expect("it ends");
    let last = last.unwrap();
    assert_eq!(
        (last.status, last.run.as_deref()),
        (Status::Completed, Some("b"))
    );
    assert_eq!((last.events, last.last_id), (3, EventId::new(2, 0)));
}
