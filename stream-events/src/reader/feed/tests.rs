//! The feed of a store that has several.

use std::sync::Arc;
use std::time::Duration;

use support::TestRedis;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::{Feed, FeedItem};
use crate::index::Shards;
use crate::reader::sharded::{Sharded, jobs, shard};
use crate::{Event, EventId, JobId, Reader};

const IN_TIME: Duration = Duration::from_secs(10);

async fn next(feed: &mut Feed) -> Event {
    let item = timeout(IN_TIME, feed.next()).await.unwrap();
    match item.unwrap().unwrap() {
        FeedItem::Event(event) => event,
        FeedItem::Gap(gap) => panic!("{gap}"),
    }
}

fn name(event: &Event) -> (JobId, String) {
    (event.job_id().unwrap(), event.event_type().to_string())
}

/// The job of each of these, in this order.
async fn all(feed: &mut Feed, count: usize) -> Vec<(JobId, String)> {
    let mut all = Vec::new();
    for _ in 0..count {
        all.push(name(&next(feed).await));
    }
    all
}

/// Each job starts, then each ends.
async fn filled(store: &Sharded) -> Vec<(JobId, String)> {
    let (mut expected, mut at) = (Vec::new(), EventId::new(1000, 0));
    for what in ["task_started", "task_completed"] {
        for job in jobs() {
            at = EventId::new(at.ms() + 1, 0);
            store.says(&job, what, at).await;
            expected.push((JobId::try_from(job).unwrap(), what.to_owned()));
        }
    }
    expected
}

#[tokio::test]
async fn all_shards_come_as_one_by_their_time_and_go_on_from_any_place() {
    let store = Sharded::open("memory:feed_places").await;
    let expected = filled(&store).await;
    let mut feed = store.reader.feed().after(EventId::ZERO);
    let mut places = vec![feed.place().unwrap()];
    for expected in &expected {
        assert_eq!(name(&next(&mut feed).await), *expected);
        let place = feed.place().unwrap().to_string();
        assert_eq!(place.split(',').count(), Shards::OF_CLUSTER.count());
        places.push(place.parse().unwrap());
    }
    for (given, place) in places.into_iter().enumerate() {
        let mut resumed = store.reader.feed().after(place.clone());
        assert_eq!(resumed.place(), Some(place));
        let rest = &expected[given..];
        assert_eq!(all(&mut resumed, rest.len()).await, rest, "{given}");
    }
}

#[tokio::test]
async fn a_single_id_is_a_place_in_each_shard() {
    let store = Sharded::open("memory:feed_single").await;
    let expected = filled(&store).await;
    let mut feed = store.reader.feed().after(EventId::new(1010, 0));
    let rest = &expected[10..];
    assert_eq!(all(&mut feed, rest.len()).await, rest);
    // A shard that has been silent for long has not begun anew.
    let mut feed = store.reader.feed().after(EventId::new(4000, 0));
    store
        .says("job_7", "task_started", EventId::new(5000, 0))
        .await;
    assert_eq!(next(&mut feed).await.id().ms(), 5000);
    let place = feed.place().unwrap().on(Shards::OF_CLUSTER);
    assert!(place.iter().all(|id| (1001..=5000).contains(&id.ms())));
}

/// They are followed at once, and the one that says something is not held up by the others.
#[tokio::test]
async fn what_a_shard_says_comes_while_the_others_are_silent() {
    let store = Sharded::open("memory:feed_silent").await;
    let mut feed = store.reader.feed();
    assert_eq!(feed.place(), None, "it has not begun");
    let begun = timeout(Duration::from_millis(50), feed.next()).await;
    assert!(begun.is_err(), "there is nothing");
    assert!(feed.place().is_some());
    let waits = tokio::spawn(async move {
        let mut came = Vec::new();
        for _ in jobs() {
            came.push(name(&next(&mut feed).await).0.to_string());
        }
        came
    });
    for (n, job) in (1u64..).zip(jobs()) {
        store.says(&job, "task_started", EventId::new(n, 0)).await;
        tokio::task::yield_now().await;
    }
    let started = tokio::time::Instant::now();
    let mut came = waits.await.unwrap();
    assert!(started.elapsed() < Duration::from_secs(2));
    let mut started_jobs = jobs();
    came.sort();
    started_jobs.sort();
    assert_eq!(came, started_jobs);
}

/// One that is away is another one that comes when it comes.
#[tokio::test]
async fn a_shard_whose_server_does_not_answer_holds_up_what_it_has_alone() {
    let comes_back = Arc::new(Semaphore::new(0));
    let silent = shard("job_7");
    let url = "memory:feed_away";
    let store = Sharded::with_silent(url, silent.number(), &comes_back).await;
    let (of_silent, of_others): (Vec<_>, Vec<_>) = filled(&store)
        .await
        .into_iter()
        .partition(|(job, _)| shard(job.as_str()) == silent);
    let mut feed = store.reader.feed().after(EventId::ZERO);
    assert_eq!(all(&mut feed, of_others.len()).await, of_others);
    let place = feed.place().unwrap().on(Shards::OF_CLUSTER);
    assert_eq!(place[silent.number()], EventId::ZERO);
    comes_back.close();
    assert_eq!(all(&mut feed, of_silent.len()).await, of_silent);
}

#[tokio::test]
async fn a_gap_of_a_shard_is_told_and_is_no_matter_of_the_others() {
    let store = Sharded::open("memory:feed_gap").await;
    let expected = filled(&store).await;
    let mut feed = store.reader.feed().after(EventId::ZERO);
    assert_eq!(all(&mut feed, expected.len()).await, expected);
    let place = feed.place().unwrap();
    // Two are told, of which one is kept.
    let job = "job_7";
    for ms in [5000, 5001] {
        store
            .tells(job, "task_started", EventId::new(ms, 0), 1)
            .await;
    }
    let mut resumed = store.reader.feed().after(place.clone());
    let item = timeout(IN_TIME, resumed.next()).await.unwrap();
    let Some(Ok(FeedItem::Gap(gap))) = item else {
        panic!("{item:?}");
    };
    assert_eq!(gap.before, EventId::new(5001, 0));
    assert_eq!(resumed.place(), Some(place), "it is told again");
    let event = next(&mut resumed).await;
    assert_eq!(event.id(), gap.before);
    let at = resumed.place().unwrap().on(Shards::OF_CLUSTER);
    assert_eq!(at[shard(job).number()], event.id());
}

/// By a server whose clock is behind that of the one that it has taken over from, or where that one took what it
/// was told before only once it went on.
#[tokio::test]
async fn what_is_told_after_a_failover_comes_also_where_it_stands_below_what_was_lost() {
    let redis = TestRedis::start();
    let tell = |(ms, run): (u64, u64)| {
        let (id, data) = (format!("{ms}-0"), format!(r#"{{"run":"r{run}"}}"#));
        redis.run(&["XADD", "job_index:feed", &id, "data", &data]);
    };
    [(1, 1), (2, 2), (10, 10)].into_iter().for_each(tell);
    let mut feed = Reader::connect(redis.url()).unwrap().feed();
    feed = feed.after(EventId::ZERO);
    for ms in [1, 2, 10] {
        assert_eq!(next(&mut feed).await.id().ms(), ms);
    }
    redis.run(&["DEL", "job_index:feed"]);
    // One of those that came is told again.
    [(1, 1), (2, 2), (4, 10), (5, 5)].into_iter().for_each(tell);
    let item = timeout(IN_TIME, feed.next()).await.expect("it comes");
    let Some(Ok(FeedItem::Gap(gap))) = item else {
        panic!("{item:?}");
    };
    assert_eq!((gap.after.ms(), gap.before.ms()), (10, 4));
    assert_eq!(next(&mut feed).await.id().ms(), 5);
}
