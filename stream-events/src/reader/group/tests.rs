//! Groups that follow a feed of several shards.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use support::TestRedis;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::{Assigned, FeedGroup};
use crate::EventId;
use crate::index;
use crate::reader::sharded::{Sharded, jobs, shard};

const IN_TIME: Duration = Duration::from_secs(10);
const SHORT: Duration = Duration::from_millis(1);

fn member(store: &Sharded) -> FeedGroup {
    let group = store.reader.feed_group("fleet").unwrap();
    group.after(EventId::ZERO)
}

async fn next(group: &mut FeedGroup) -> Assigned {
    let next = timeout(IN_TIME, group.next()).await;
    next.unwrap().unwrap().unwrap()
}

fn job(assigned: &Assigned) -> String {
    assigned.event().job_id().unwrap().to_string()
}

/// The jobs of so many, which are done with then.
async fn done(group: &mut FeedGroup, count: usize) -> BTreeSet<String> {
    let mut done = BTreeSet::new();
    for _ in 0..count {
        let assigned = next(group).await;
        assigned.ack().await.unwrap();
        assert!(done.insert(job(&assigned)), "it is given twice");
    }
    done
}

async fn start_all(store: &Sharded) -> BTreeSet<String> {
    for (n, job) in (1..).zip(jobs()) {
        store.says(&job, "task_started", EventId::new(n, 0)).await;
    }
    jobs().into_iter().collect()
}

async fn has_nothing(store: &Sharded) {
    let mut other = member(store).claim_after(SHORT);
    let left = timeout(Duration::from_millis(300), other.next()).await;
    assert!(left.is_err(), "{left:?}");
}

async fn taken_from_all(url: &str) {
    let store = Sharded::open(url).await;
    let all = start_all(&store).await;
    let mut members = [member(&store), member(&store), member(&store)];
    let mut given = BTreeSet::new();
    while given.len() < all.len() {
        for member in &mut members {
            let before = given.len();
            given.extend(done(member, 4).await);
            assert_eq!(given.len(), before + 4, "one has what another had");
        }
    }
    assert_eq!(given, all);
    has_nothing(&store).await;
}

#[tokio::test]
async fn members_take_from_all_shards_and_each_event_falls_to_one() {
    taken_from_all("memory:group_shards").await;
    taken_from_all(&TestRedis::start().url()).await;
}

/// One that is idle, when something comes in all shards at once.
#[tokio::test]
async fn a_member_has_one_event_and_the_others_are_for_others() {
    let redis = TestRedis::start();
    let store = Sharded::open(&redis.url()).await;
    for (n, job) in (1..).zip(jobs()) {
        store
            .tells(&job, "task_started", EventId::new(n, 0), 100)
            .await;
    }
    let mut first = member(&store);
    done(&mut first, jobs().len()).await;
    let waits = tokio::spawn(async move {
        let held = next(&mut first).await;
        // As who works on it.
        tokio::time::sleep(Duration::from_millis(300)).await;
        (first, held)
    });
    tokio::time::sleep(Duration::from_millis(300)).await;
    let mut add = String::new();
    for (n, job) in (1000..).zip(jobs()) {
        let key = index::feed("job_events", shard(&job));
        let data = format!(r#"{{"job_id":"{job}","run":"{job} again"}}"#);
        add += &format!("redis.call('XADD', '{key}', '{n}-0', 'data', '{data}') ");
    }
    redis.run(&["EVAL", &add, "0"]);
    let (first, held) = waits.await.unwrap();
    let mut second = member(&store);
    let mut others = done(&mut second, jobs().len() - 1).await;
    assert!(others.insert(job(&held)));
    drop(first);
}

#[tokio::test]
async fn what_a_member_left_is_taken_over_in_each_shard() {
    let store = Sharded::open("memory:group_left").await;
    let all = start_all(&store).await;
    let mut dead = member(&store);
    for _ in &all {
        drop(next(&mut dead).await);
    }
    let mut heir = member(&store).claim_after(SHORT);
    assert_eq!(done(&mut heir, all.len()).await, all);
    has_nothing(&store).await;
}

#[tokio::test]
async fn a_shard_whose_server_does_not_answer_keeps_what_it_has_alone() {
    let comes_back = Arc::new(Semaphore::new(0));
    let store = Sharded::with_silent("memory:group_away", 5, &comes_back).await;
    let all = start_all(&store).await;
    let mut of_shard = BTreeMap::<_, usize>::new();
    for job in &all {
        *of_shard.entry(shard(job)).or_default() += 1;
    }
    let mut group = member(&store);
    let mut given = BTreeSet::new();
    while let Ok(next) = timeout(Duration::from_secs(1), group.next()).await {
        let assigned = next.unwrap().unwrap();
        assigned.ack().await.unwrap();
        given.insert(job(&assigned));
    }
    let missing: BTreeSet<_> = all.difference(&given).cloned().collect();
    let silent = missing.first().map(|job| shard(job)).unwrap();
    assert_eq!(missing.len(), of_shard[&silent]);
    assert!(missing.iter().all(|job| shard(job) == silent));
    comes_back.close();
    assert_eq!(done(&mut group, missing.len()).await, missing);
}
