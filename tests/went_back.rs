//! A stream whose server has gone back: what it gets now has ids that are not above those that were seen.
#![allow(clippy::unwrap_used)]

mod placed;
mod raw;

use std::time::Duration;

use placed::{foreign, put, replace, skip, told, watches};
use raw::{event, next, own, rest};
use serde_json::json;
use stream_events::{EventId, FeedItem, Reader, Watch};
use support::TestRedis;

const FEED: &str = "job_index:feed";

/// Has the server go back to where it was at its last `SAVE`, and waits until the watch has seen that.
async fn went_back(redis: &mut TestRedis, watch: &mut Watch) {
    redis.kill();
    redis.restart();
    let sees = async {
        let nothing = next(watch).await;
        panic!("what was seen comes again: {nothing:?}");
    };
    let is_seen = async {
        while redis.calls("xrevrange") == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::select! {
        () = sees => {}
        () = is_seen => {}
    }
}

/// Row 46: what its publisher has kept stands there again, and then what is new.
#[tokio::test]
async fn a_server_that_went_back_has_nothing_come_twice() {
    let mut redis = TestRedis::start();
    let [mut watch, _] = watches(&redis);
    put(&redis, 1, &own("task_started", "a", 0));
    put(&redis, 2, &foreign(1));
    put(&redis, 3, &own("row", "a", 1));
    redis.run(&["SAVE"]);
    put(&redis, 4, &foreign(2));
    put(&redis, 5, &own("row", "a", 2));
    skip(&mut watch, 5).await;
    went_back(&mut redis, &mut watch).await;
    put(&redis, 4, &foreign(2));
    put(&redis, 5, &own("row", "a", 2));
    put(&redis, 6, &own("row", "a", 3));
    put(&redis, 7, &foreign(3));
    put(&redis, 8, &own("task_completed", "a", 4));
    assert_eq!(told(&rest(&mut watch).await), ["6", "7", "8"]);
}

/// Nor of a feed, whose last event alone is gone.
#[tokio::test]
async fn a_feed_that_went_back_has_nothing_come_twice() {
    let mut redis = TestRedis::start();
    let tell = |redis: &TestRedis, n: u64| {
        let (id, data) = (format!("{n}-0"), own("task_started", &n.to_string(), 0));
        let data = data.to_string();
        redis.run(&["XADD", FEED, &id, "data", &data, "event_type", "t"]);
    };
    (1..3).for_each(|n| tell(&redis, n));
    redis.run(&["SAVE"]);
    tell(&redis, 3);
    let mut feed = Reader::connect(redis.reader_url())
        .unwrap()
        .feed()
        .after(EventId::ZERO);
    for _ in 0..3 {
        feed.next().await.unwrap().unwrap();
    }
    redis.kill();
    redis.restart();
    let is_seen = async {
        while redis.calls("xrevrange") == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::select! {
        again = feed.next() => panic!("what was given comes again: {again:?}"),
        () = is_seen => {}
    }
    tell(&redis, 4);
    let items = [feed.next().await, feed.next().await].map(|item| item.unwrap().unwrap());
    let FeedItem::Gap(gap) = &items[0] else {
        panic!("{items:?}")
    };
    assert_eq!((gap.after.ms(), gap.before.ms()), (3, 4));
    assert!(matches!(&items[1], FeedItem::Event(event) if event.id().ms() == 4));
}

/// One that began behind an event does not know of all that was before it.
#[tokio::test]
async fn who_came_back_before_the_server_went_back_has_nothing_twice_either() {
    let mut redis = TestRedis::start();
    put(&redis, 1, &own("task_started", "a", 0));
    put(&redis, 2, &own("row", "a", 1));
    (3..150).for_each(|n| put(&redis, n, &own("row", "b", n - 3)));
    redis.run(&["SAVE"]);
    put(&redis, 150, &own("row", "b", 147));
    put(&redis, 151, &own("row", "b", 148));
    let [watch, _] = watches(&redis);
    let mut watch = watch.after(EventId::new(150, 0));
    skip(&mut watch, 1).await;
    went_back(&mut redis, &mut watch).await;
    put(&redis, 152, &own("task_completed", "b", 149));
    assert_eq!(told(&rest(&mut watch).await), ["152"]);
}

/// Foreign entries have no other name than their ids.
#[tokio::test]
async fn where_a_server_went_back_what_is_none_of_ours_is_known_by_its_id() {
    let mut redis = TestRedis::start();
    let [mut watch, _] = watches(&redis);
    put(&redis, 1, &foreign(1));
    put(&redis, 2, &foreign(2));
    redis.run(&["SAVE"]);
    put(&redis, 3, &foreign(3));
    skip(&mut watch, 3).await;
    went_back(&mut redis, &mut watch).await;
    put(&redis, 4, &foreign(4));
    assert_eq!(event(next(&mut watch).await).id(), EventId::new(4, 0));
    // No id of these is above the newest that was seen, and they are others.
    let events = [(2, foreign(5)), (3, json!({"event_type": "task_failed"}))];
    replace(&redis, &events);
    assert_eq!(told(&rest(&mut watch).await), ["? 0", "2", "3"]);
}

/// The run that followed is not on the stream any more, and the one before it had ended the job.
#[tokio::test]
async fn a_run_that_a_server_has_lost_whole_is_expired_and_the_job_stands_as_it_says() {
    let mut redis = TestRedis::start();
    put(&redis, 1, &own("task_started", "a", 0));
    put(&redis, 2, &own("task_failed", "a", 1));
    redis.run(&["SAVE"]);
    put(&redis, 3, &own("task_started", "b", 0));
    let [mut watch, _] = watches(&redis);
    skip(&mut watch, 3).await;
    redis.kill();
    redis.restart();
    assert_eq!(told(&rest(&mut watch).await), ["b? 1"]);
}
