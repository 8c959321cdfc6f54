//! Jobs of a store whose index has several feeds.

use std::collections::BTreeSet;
use std::future::poll_fn;
use std::pin::pin;

use support::TestRedis;

use crate::EventId;
use crate::reader::sharded::{Sharded, jobs, shard};

/// All pages; `between` is told of each that another one follows.
async fn walked(store: &Sharded, limit: usize, between: impl AsyncFn(usize)) -> Vec<String> {
    let (mut all, mut pages) = (Vec::new(), 0);
    let jobs = || store.reader.jobs("".parse().unwrap()).limit(limit);
    let mut page = jobs().page().await.unwrap();
    loop {
        assert!(page.jobs.len() <= limit);
        all.extend(page.jobs.into_iter().map(|job| job.job_id));
        let Some(next) = page.next else {
            return all;
        };
        assert!(next.len() < 2048, "{next}");
        pages += 1;
        between(pages).await;
        page = jobs().after(&next).unwrap().page().await.unwrap();
    }
}

async fn nothing(_: usize) {}

/// Each starts a while after the one before, and ends.
async fn filled(store: &Sharded, count: u64) -> Vec<String> {
    for n in 0..count {
        let job = format!("job_{n}");
        let at = 1000 + 10 * n;
        store.says(&job, "task_started", EventId::new(at, 0)).await;
        store
            .says(&job, "task_completed", EventId::new(at + 5, 0))
            .await;
    }
    (0..count).rev().map(|n| format!("job_{n}")).collect()
}

#[tokio::test]
async fn jobs_of_all_shards_come_newest_start_first_page_by_page() {
    let store = Sharded::open("memory:jobs_of_shards").await;
    let expected = filled(&store, 100).await;
    for limit in [1, 7, 100] {
        assert_eq!(walked(&store, limit, nothing).await, expected, "{limit}");
    }
}

/// Several pages of each shard, of which some have more than others.
#[tokio::test]
async fn each_feed_is_read_once_for_a_page() {
    let redis = TestRedis::start();
    let store = Sharded::open(&redis.url()).await;
    let expected = filled(&store, 900).await;
    assert_eq!(walked(&store, 400, nothing).await, expected);
    let before = redis.calls("xrevrange");
    let none = store.reader.jobs("job:none".parse().unwrap());
    assert_eq!(none.page().await.unwrap().jobs.len(), 0);
    // Of 63 events each, of 16 shards, of which each has one that is not full, and its newest event.
    let reads = redis.calls("xrevrange") - before;
    assert!((32 + 12..=32 + 28).contains(&reads), "{reads}");
}

/// The clock of one shard is ahead of the other's: its newest event tells nothing of that.
#[tokio::test]
async fn a_job_that_is_tried_again_meanwhile_is_found_whatever_the_clocks() {
    let store = Sharded::open("memory:jobs_clocks").await;
    let (ahead, given) = ("job_0", "job_1");
    let is_beside = |job: &String| job != given && shard(job) == shard(given);
    let behind = jobs().into_iter().find(is_beside).unwrap();
    assert_ne!(shard(ahead), shard(given));
    let start = async |job, ms| store.says(job, "task_started", EventId::new(ms, 0)).await;
    start(&behind, 1000).await;
    start(given, 4000).await;
    start(ahead, 9000).await;
    let again = async |page| {
        if page == 1 {
            start(&behind, 5000).await;
        }
    };
    assert_eq!(walked(&store, 2, again).await, [ahead, given, &behind]);
}

#[tokio::test]
async fn what_a_shard_has_trimmed_between_two_pages_is_found_by_its_leases_once() {
    let store = Sharded::open("memory:jobs_trimmed_shard").await;
    let all = jobs();
    for (n, job) in (0..).zip(&all) {
        let at = EventId::new(1000 + 10 * n, 0);
        store.says(job, "task_started", at).await;
        store.leases(job).await;
    }
    let trim = async |page: usize| {
        if page == 3 {
            // Others go on as they were.
            let at = EventId::new(9000, 0);
            store.tells("job_7", "task_progress", at, 1).await;
        }
    };
    let walked = walked(&store, 5, trim).await;
    let once: BTreeSet<_> = walked.iter().cloned().collect();
    assert_eq!(once.len(), walked.len(), "none comes twice: {walked:?}");
    assert_eq!(once, all.iter().cloned().collect());
    let kept = |job: &&String| shard(job) != shard("job_7");
    let newest_first: Vec<_> = all.iter().rev().filter(kept).collect();
    let of_others: Vec<_> = walked.iter().filter(kept).collect();
    assert_eq!(of_others, newest_first);
}

/// In memory all is there at once, and each job may be a large one, of which a query asks much.
#[tokio::test]
async fn a_page_lets_others_have_their_turn_behind_each_job() {
    let store = Sharded::open("memory:jobs_turns").await;
    filled(&store, 16).await;
    let jobs = store.reader.jobs("".parse().unwrap());
    let (mut page, mut turns) = (pin!(jobs.page()), 0);
    let page = poll_fn(|context| {
        turns += 1;
        page.as_mut().poll(context)
    });
    assert_eq!(page.await.unwrap().jobs.len(), 16);
    assert!(turns > 16, "{turns}");
}
