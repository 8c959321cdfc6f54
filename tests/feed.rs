//! The lifecycle of all jobs, followed live.
#![allow(clippy::unwrap_used)]

mod rows;

use std::time::Duration;

use futures_util::StreamExt;
use rows::{flushed, runs};
use stream_events::{ErrorKind, EventId, Feed, FeedItem, Publisher, Reader};
use support::{Proxy, Rule, TestRedis, Way, wait_until};
use tokio::time::timeout;

const FEED: &str = "job_index:feed";
const IN_TIME: Duration = Duration::from_secs(30);

async fn next(feed: &mut Feed) -> FeedItem {
    let next = timeout(IN_TIME, feed.next()).await;
    next.expect("in time").unwrap().unwrap()
}

/// `<job> <event type>` of the next events; `gap` for one.
async fn said(feed: &mut Feed, count: usize) -> Vec<String> {
    let mut said = Vec::new();
    while said.len() < count {
        said.push(match next(feed).await {
            FeedItem::Event(event) => {
                format!("{} {}", event.job_id().unwrap(), event.event_type())
            }
            FeedItem::Gap(_) => "gap".to_owned(),
            other => panic!("{other:?}"),
        });
    }
    said
}

/// A feed that has begun: with what comes after the job of this name, which it has seen.
async fn live(reader: &Reader, publisher: &Publisher) -> Feed {
    let mut feed = reader.feed();
    let begun = async {
        loop {
            runs(publisher, "begin").await;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::select! {
        item = next(&mut feed) => drop(item),
        () = begun => {}
    }
    runs(publisher, "begun").await;
    while said(&mut feed, 1).await != ["begun task_completed"] {}
    feed
}

async fn is_followed(url: &str) {
    let publisher = Publisher::connect(url).unwrap();
    let reader = publisher.reader().clone();
    runs(&publisher, "before").await;
    let mut feed = live(&reader, &publisher).await;
    let job = publisher.job("a", "t").unwrap();
    assert_eq!(said(&mut feed, 1).await, ["a task_started"]);
    job.progress("half");
    job.failed("no more paper");
    let FeedItem::Event(failed) = next(&mut feed).await else {
        panic!("an event")
    };
    let error: Option<String> = failed.field("error").unwrap();
    assert_eq!(error.as_deref(), Some("no more paper"));
    // What it is a brief of is found by it.
    let event_id: EventId = failed.field("event_id").unwrap().unwrap();
    let mut own = reader.history(failed.job_id().unwrap()).unwrap();
    let own = own
        .by_ref()
        .collect::<Vec<_>>()
        .await
        .pop()
        .unwrap()
        .unwrap();
    assert_eq!((own.id(), own.run()), (event_id, failed.run()));

    runs(&publisher, "b").await;
    let mut resumed = reader.feed().after(failed.id());
    let of_b = ["b task_started", "b task_completed"];
    assert_eq!(said(&mut resumed, 2).await, of_b);
    assert_eq!(said(&mut feed, 2).await, of_b);
    let mut all = reader.feed().after(EventId::ZERO);
    assert_eq!(said(&mut all, 1).await, ["before task_started"]);
    // At each place.
    let all: Vec<_> = reader.feed().after(EventId::ZERO).take(8).collect().await;
    let ids: Vec<_> = all
        .into_iter()
        .map(|item| match item.unwrap() {
            FeedItem::Event(event) => event.id(),
            other => panic!("{other:?}"),
        })
        .collect();
    for at in 0..7 {
        let FeedItem::Event(event) = next(&mut reader.feed().after(ids[at])).await else {
            panic!("an event")
        };
        assert_eq!(event.id(), ids[at + 1]);
    }
}

#[tokio::test]
async fn the_lifecycle_of_all_jobs_is_followed_from_now_or_from_any_event_on() {
    is_followed(&TestRedis::start().url()).await;
    is_followed("memory:feed").await;
}

/// Row 46
#[tokio::test]
async fn a_feed_goes_on_over_a_restart_of_the_server_and_gives_each_event_once() {
    let mut redis = TestRedis::with_aof();
    let proxy = Proxy::to(&redis);
    let publisher = Publisher::connect(redis.url()).unwrap();
    let reader = Reader::connect(proxy.url()).unwrap();
    let mut feed = reader.feed().after(EventId::ZERO);
    runs(&publisher, "a").await;
    assert_eq!(said(&mut feed, 2).await.len(), 2);
    redis.kill();
    let job = publisher.job("b", "t").unwrap();
    assert!(
        timeout(Duration::from_millis(300), feed.next())
            .await
            .is_err()
    );
    redis.restart();
    assert_eq!(said(&mut feed, 1).await, ["b task_started"]);
    proxy.rule(Way::ToClient, Rule::CutAfter(100, support::End::Reset));
    job.completed(&());
    runs(&publisher, "c").await;
    let rest = ["b task_completed", "c task_started", "c task_completed"];
    assert_eq!(said(&mut feed, 3).await, rest);
}

async fn trimmed_under_a_reader(url: &str) {
    let builder = Publisher::builder().url(url).feed_len(50);
    let publisher = builder.connect().unwrap();
    let reader = publisher.reader();
    let mut feed = reader.feed().after(EventId::ZERO);
    runs(&publisher, "first").await;
    let FeedItem::Event(first) = next(&mut feed).await else {
        panic!("an event")
    };
    assert_eq!(said(&mut feed, 1).await, ["first task_completed"]);
    for n in 0..300 {
        publisher
            .job(format!("job_{n}"), "t")
            .unwrap()
            .completed(&());
        if n % 30 == 0 || n > 290 {
            flushed(&publisher).await;
        }
    }
    flushed(&publisher).await;
    let FeedItem::Gap(gap) = next(&mut feed).await else {
        panic!("a gap")
    };
    let mut count = 0;
    let mut last = String::new();
    while last != "job_299 task_completed" {
        last = said(&mut feed, 1).await.remove(0);
        count += 1;
    }
    assert!((50..=300).contains(&count), "{count}");
    assert!(first.id() < gap.after && gap.after < gap.before, "{gap}");
    // One that resumes there finds it too, and one that begins with the oldest misses none.
    assert_eq!(said(&mut reader.feed().after(first.id()), 1).await, ["gap"]);
    let oldest = said(&mut reader.feed().after(EventId::ZERO), 1).await;
    assert_ne!(oldest, ["gap"]);
}

/// Row 42
#[tokio::test]
async fn what_is_trimmed_under_a_reader_is_a_gap() {
    trimmed_under_a_reader(&TestRedis::start().url()).await;
    trimmed_under_a_reader("memory:trimmed_feed").await;
}

/// Also where it begins anew with ids below those that were there.
#[tokio::test]
async fn a_feed_that_went_and_came_again_is_a_gap() {
    let redis = TestRedis::start();
    let publisher = Publisher::connect(redis.url()).unwrap();
    let reader = publisher.reader();
    let mut feed = reader.feed().after(EventId::ZERO);
    runs(&publisher, "a").await;
    assert_eq!(said(&mut feed, 2).await.len(), 2);
    redis.run(&["DEL", FEED]);
    runs(&publisher, "b").await;
    let expected = ["gap", "b task_started", "b task_completed"];
    assert_eq!(said(&mut feed, 3).await, expected);
    redis.run(&["DEL", FEED]);
    let old = r#"{"job_id":"old"}"#;
    redis.run(&[
        "XADD",
        FEED,
        "7-1",
        "data",
        old,
        "event_type",
        "task_started",
    ]);
    assert_eq!(said(&mut feed, 2).await, ["gap", "old task_started"]);
}

#[tokio::test]
async fn what_was_told_twice_comes_once_and_what_others_wrote_as_it_is() {
    let redis = TestRedis::start();
    let add = |data: &str, event_type: &str| {
        redis.run(&["XADD", FEED, "*", "data", data, "event_type", event_type]);
    };
    let lost = r#"{"job_id":"a","run":"r","event_id":"5-1","error_kind":"lost"}"#;
    let failed = r#"{"job_id":"a","run":"r","event_id":"7-0","error_kind":"error"}"#;
    add(lost, "task_failed");
    add(lost, "task_failed");
    add("no json\u{1}", "strange");
    add("no json\u{1}", "strange");
    add(failed, "task_failed");
    add(lost, "task_failed");
    let reader = Reader::connect(redis.reader_url()).unwrap();
    let mut feed = reader.feed().after(EventId::ZERO);
    let mut texts = Vec::new();
    let mut last = EventId::ZERO;
    for _ in 0..4 {
        let FeedItem::Event(event) = next(&mut feed).await else {
            panic!("an event")
        };
        last = event.id();
        texts.push(event.data().into_owned());
    }
    assert_eq!(texts, [lost, "no json\u{1}", "no json\u{1}", failed]);
    // One that resumes behind the first knows what it was.
    add(failed, "task_failed");
    add(r#"{"job_id":"b"}"#, "task_started");
    let mut resumed = reader.feed().after(last);
    assert_eq!(said(&mut resumed, 1).await, ["b task_started"]);
    assert_eq!(said(&mut feed, 1).await, ["b task_started"]);
}

#[tokio::test]
async fn without_the_right_to_read_it_a_feed_ends_with_an_error() {
    let redis = TestRedis::start();
    redis.allow("other", "on >secret ~job_events:* +@all");
    let url = redis.url().replace("//", "//other:secret@");
    let reader = Reader::connect(url).unwrap();
    let mut feed = reader.feed();
    let error = feed.next().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Rejected);
    assert!(error.to_string().contains("NOPERM"), "{error}");
    assert!(!error.to_string().contains("secret"), "{error}");
    assert!(feed.next().await.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feed_that_is_not_there_yet_is_waited_for() {
    let mut redis = TestRedis::start();
    redis.kill();
    let reader = Reader::connect(redis.reader_url()).unwrap();
    let mut feed = reader.feed();
    assert!(
        timeout(Duration::from_millis(200), feed.next())
            .await
            .is_err()
    );
    redis.restart();
    let publisher = Publisher::connect(redis.url()).unwrap();
    let follows = tokio::spawn(async move { said(&mut feed, 2).await });
    wait_until("it waits", || redis.calls("xread") > 0);
    runs(&publisher, "a").await;
    let said = timeout(IN_TIME, follows).await.unwrap().unwrap();
    assert_eq!(said, ["a task_started", "a task_completed"]);
}
