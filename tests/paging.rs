//! Pages of jobs that start, end and are trimmed from the index between them.
#![allow(clippy::unwrap_used)]

mod pages;
mod rows;

use std::collections::BTreeSet;
use std::time::Duration;

use pages::{begun, expected, nothing, query, walked};
use rows::flushed;
use stream_events::Publisher;
use support::TestRedis;

const FEED: &str = "job_index:feed";

async fn come_and_go(url: &str) {
    let publisher = Publisher::connect(url).unwrap();
    let reader = publisher.reader();
    let mut jobs = Vec::new();
    for n in 0..40 {
        let job = begun(&publisher, &format!("job_{n:03}")).await;
        if n % 2 == 0 {
            job.failed("will be tried again");
        } else {
            jobs.push(job);
        }
    }
    // Some have two runs before the first page.
    drop(begun(&publisher, "job_004").await);
    let mut at_work = Vec::new();
    let between = async |page: usize| {
        // One that was given, one that was not yet, and a new one.
        for n in [38 - page % 3, 2 * page % 20] {
            begun(&publisher, &format!("job_{n:03}"))
                .await
                .completed(&());
        }
        begun(&publisher, &format!("new_{page}"))
            .await
            .completed(&());
        jobs.pop().unwrap().completed(&());
        // One that is at work is for the next first page, too.
        at_work.push(begun(&publisher, &format!("at_work_{page}")).await);
        flushed(&publisher).await;
    };
    let all = walked(&reader, "", 3, between).await;
    let once: BTreeSet<_> = all.iter().cloned().collect();
    assert_eq!(once.len(), all.len(), "none comes twice: {all:?}");
    assert_eq!(once, expected(0..40).into_iter().collect());
    assert_eq!(all[0], "job_004", "it was started last");
}

#[tokio::test]
async fn while_jobs_come_and_go_each_is_found_once() {
    come_and_go(&TestRedis::start().url()).await;
    come_and_go("memory:come_and_go").await;
}

/// As where a connection broke before it was known that the feed has it.
#[tokio::test]
async fn a_start_that_was_told_twice_is_one_job() {
    let redis = TestRedis::start();
    let publisher = Publisher::connect(redis.url()).unwrap();
    for n in 0..6 {
        begun(&publisher, &format!("job_{n:03}"))
            .await
            .completed(&());
    }
    flushed(&publisher).await;
    let start = redis.entries(FEED).remove(0);
    let data = start.data().to_string();
    redis.run(&[
        "XADD",
        FEED,
        "*",
        "data",
        &data,
        "event_type",
        "task_started",
    ]);
    let all = walked(&publisher.reader(), "", 2, nothing).await;
    assert_eq!(all, expected([0, 5, 4, 3, 2, 1]));
}

/// Those that were given are not given again as jobs without a start.
#[tokio::test]
async fn a_feed_that_is_trimmed_between_two_pages_gives_no_job_twice() {
    let redis = TestRedis::start();
    let publisher = Publisher::connect(redis.url()).unwrap();
    let mut running = Vec::new();
    for n in 0..20 {
        running.push(begun(&publisher, &format!("job_{n:03}")).await);
        // Starts have a time each.
        tokio::time::sleep(Duration::from_millis(3)).await;
    }
    let trim = async |page: usize| {
        if page == 2 {
            redis.run(&["XTRIM", FEED, "MAXLEN", "1"]);
        }
    };
    let all = walked(&publisher.reader(), "", 4, trim).await;
    let newest_first = expected((12..20).rev());
    assert_eq!(all[..8], newest_first);
    assert_eq!(all[8..], expected(0..12), "by their leases");
}

/// Thousands of jobs are found without a look through the keys.
#[tokio::test]
async fn thousands_of_jobs_are_paged_without_a_scan() {
    const JOBS: usize = 3000;
    let redis = TestRedis::start();
    let publisher = Publisher::connect(redis.url()).unwrap();
    for n in 0..JOBS {
        let job = publisher.job(format!("job_{n:05}"), "t").unwrap();
        match n % 100 {
            0 => job.failed("no more paper"),
            _ => job.completed(&()),
        }
    }
    flushed(&publisher).await;
    let all = walked(&publisher.reader(), "", 500, nothing).await;
    let once: BTreeSet<_> = all.iter().collect();
    assert_eq!((all.len(), once.len()), (JOBS, JOBS));
    // A page looks at no more than a thousand jobs.
    let failed = publisher.reader().jobs(query("status:failed")).limit(1000);
    let page = failed.page().await.unwrap();
    assert!(
        page.next.is_some() && page.jobs.len() < 20,
        "{}",
        page.jobs.len()
    );
    let failed = walked(&publisher.reader(), "status:failed", 1000, nothing).await;
    assert_eq!(failed.len(), JOBS / 100);
    for command in [
        "scan",
        "keys",
        "zscan",
        "sscan",
        "hscan",
        "dbsize",
        "randomkey",
    ] {
        assert_eq!(redis.calls(command), 0, "{command}");
    }
}
