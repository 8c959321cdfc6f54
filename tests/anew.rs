//! A stream in whose place another one is, or whose server has gone back: its events have ids that are not
//! above those that were seen.
#![allow(clippy::unwrap_used)]

mod raw;

use std::time::Duration;

use raw::{KEY, event, gap, next, own, rest};
use serde_json::{Value, json};
use stream_events::{EventId, FeedItem, Item, Missing, Reader, Status, Watch};
use support::TestRedis;

/// How long a stream has to be away before it is another one.
const SHORT: Duration = Duration::from_millis(100);
const FEED: &str = "job_index:feed";
const SOON: Duration = Duration::from_secs(30);

/// Appends an event with the id `<ms>-0`.
fn put(redis: &TestRedis, ms: u64, data: &Value) {
    let kind = data["event_type"].as_str().unwrap_or_default();
    let (id, data) = (format!("{ms}-0"), data.to_string());
    redis.run(&["XADD", KEY, &id, "data", &data, "event_type", kind]);
}

/// Puts another stream of these in the place of the one that is there, in one step.
fn replace(redis: &TestRedis, events: &[(u64, Value)]) {
    let mut step = redis::Pipeline::new();
    step.atomic().cmd("DEL").arg(KEY);
    for (ms, data) in events {
        let kind = data["event_type"].as_str().unwrap_or_default();
        let add = step.cmd("XADD").arg(KEY).arg(format!("{ms}-0"));
        add.arg("data").arg(data.to_string());
        add.arg("event_type").arg(kind);
    }
    step.exec(&mut redis.client()).unwrap();
}

fn foreign(n: u64) -> Value {
    json!({"event_type": "audit", "n": n})
}

/// A watch on a connection of its own, and one of a hub.
fn watches(redis: &TestRedis) -> [Watch; 2] {
    let reader = Reader::connect(redis.reader_url())
        .unwrap()
        .with_grace(SHORT);
    let watches = [reader.watch("job_001"), reader.hub().watch("job_001")];
    watches.map(Result::unwrap)
}

async fn skip(watch: &mut Watch, events: usize) {
    for _ in 0..events {
        event(next(watch).await);
    }
}

/// What is expired as its run and the first seq that is missing, and what comes as its id.
fn told(items: &[Item]) -> Vec<String> {
    let told = |item: &Item| match item {
        Item::Event(event) => event.id().ms().to_string(),
        Item::Gap(gap) => {
            assert_eq!((gap.count, gap.why), (0, Missing::Expired));
            format!("{}? {}", gap.run, gap.first)
        }
        other => panic!("{other:?}"),
    };
    items.iter().map(told).collect()
}

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
