//! Running and recent jobs, found by the index and paged.
#![allow(clippy::unwrap_used)]

mod pages;
mod rows;

use std::collections::BTreeSet;

use pages::{begun, expected, ids, nothing, query, walked};
use rows::flushed;
use stream_events::{ErrorKind, JobId, Publisher, Reader, Status};
use support::{TestRedis, wait_until};

const FEED: &str = "job_index:feed";
const LEASES: &str = "job_index:active";

async fn newest_first(url: &str) {
    let publisher = Publisher::connect(url).unwrap();
    let reader = publisher.reader();
    let mut running = Vec::new();
    for n in 0..30 {
        let job = begun(&publisher, &format!("job_{n:03}")).await;
        match n % 3 {
            0 => job.completed(&n),
            1 => job.failed("no more paper"),
            _ => running.push(job),
        }
        flushed(&publisher).await;
    }
    for limit in [1, 7, 30, 50] {
        let all = walked(&reader, "", limit, nothing).await;
        assert_eq!(all, expected((0..30).rev()), "{limit}");
    }
    let failed = walked(&reader, "status:failed", 4, nothing).await;
    assert_eq!(failed, expected((0..30).rev().filter(|n| n % 3 == 1)));
    let page = reader
        .jobs(query("status:running"))
        .limit(3)
        .page()
        .await
        .unwrap();
    assert_eq!(ids(&page), ["job_029", "job_026", "job_023"]);
    assert!(page.jobs.iter().all(|job| job.status == Status::Running));
    let json = serde_json::to_value(&page).unwrap();
    assert_eq!(json["next"].as_str(), page.next.as_deref());
    assert_eq!(json["jobs"][2]["job_id"], "job_023");
    let none = reader.jobs(query("job:none"));
    let none = tokio::spawn(async move { none.page().await });
    let none = none.await.unwrap().unwrap();
    assert_eq!((none.jobs.len(), none.next), (0, None));
}

#[tokio::test]
async fn jobs_come_newest_start_first_page_by_page() {
    newest_first(&TestRedis::start().url()).await;
    newest_first("memory:jobs").await;
}

async fn trimmed(url: &str, name: &str) {
    let builder = Publisher::builder().url(url).feed_len(100).prefix(name);
    let publisher = builder.connect().unwrap();
    let reader = publisher.reader();
    let old: Vec<_> = [
        begun(&publisher, "old_b").await,
        begun(&publisher, "old_a").await,
        begun(&publisher, "old_c").await,
    ]
    .into();
    for n in 0..500 {
        publisher
            .job(format!("short_{n}"), "t")
            .unwrap()
            .completed(&());
        if n % 20 == 0 {
            flushed(&publisher).await;
        }
    }
    // Its start is trimmed, its end is not, and it holds no lease.
    let mut old = old.into_iter();
    old.next().unwrap().completed(&());
    flushed(&publisher).await;
    for limit in [5, 1000] {
        let all = walked(&reader, "", limit, nothing).await;
        let once: BTreeSet<_> = all.iter().collect();
        assert_eq!(once.len(), all.len(), "{all:?}");
        assert!((50..200).contains(&all.len()), "{}", all.len());
        let mut old: Vec<_> = all.iter().map(String::as_str).collect();
        old.retain(|job| job.starts_with("old"));
        assert_eq!(old, ["old_a", "old_b", "old_c"]);
    }
    let running = walked(&reader, "status:running", 1, nothing).await;
    assert_eq!(running, ["old_a", "old_c"]);
}

#[tokio::test]
async fn jobs_whose_start_is_trimmed_are_found_by_their_leases_or_their_ends() {
    trimmed(&TestRedis::start().url(), "job_events").await;
    trimmed("memory:jobs_trimmed", "job_events").await;
}

/// So that a page is bounded, whatever jobs come to.
#[tokio::test]
async fn jobs_of_large_results_are_fewer_on_a_page() {
    let publisher = Publisher::connect("memory:jobs_large").unwrap();
    let result = "x".repeat(100_000);
    for n in 0..60 {
        begun(&publisher, &format!("job_{n:03}"))
            .await
            .completed(&result);
    }
    flushed(&publisher).await;
    let reader = publisher.reader();
    let first = reader.jobs(query("")).limit(60).page().await.unwrap();
    assert!((10..30).contains(&first.jobs.len()), "{}", first.jobs.len());
    let all = walked(&reader, "", 60, nothing).await;
    assert_eq!(all, expected((0..60).rev()));
}

/// Their starts are trimmed, and their ends are newer than the first page.
#[tokio::test]
async fn jobs_without_a_start_that_end_between_two_pages_are_found() {
    let redis = TestRedis::start();
    let publisher = Publisher::connect(redis.url()).unwrap();
    let mut running = Vec::new();
    for n in 0..9 {
        running.push(begun(&publisher, &format!("job_{n:03}")).await);
    }
    redis.run(&["XTRIM", FEED, "MAXLEN", "0"]);
    let end = async |_: usize| {
        if let Some(job) = running.pop() {
            let name = job.id().to_string();
            job.completed(&());
            flushed(&publisher).await;
            let is_at_work = || {
                redis
                    .leases(LEASES)
                    .iter()
                    .any(|(of, _)| of.contains(&name))
            };
            wait_until("it holds no lease", || !is_at_work());
        }
    };
    let all = walked(&publisher.reader(), "", 2, end).await;
    assert_eq!(all, expected(0..9));
}

#[tokio::test]
async fn without_a_feed_the_running_are_found_and_children_are_told_of_their_parent() {
    let redis = TestRedis::start();
    let publisher = Publisher::connect(redis.url()).unwrap();
    let parent = begun(&publisher, "parent").await;
    let id = JobId::try_from("parent").unwrap();
    for n in [1, 2, 1] {
        let child = publisher.job_builder(format!("child_{n}"), "t").unwrap();
        child.parent(&id).start().unwrap().completed(&());
        flushed(&publisher).await;
    }
    let page = publisher
        .reader()
        .jobs(query("job:parent"))
        .page()
        .await
        .unwrap();
    assert_eq!(page.jobs[0].children, ["child_1", "child_2"]);
    redis.run(&["DEL", FEED]);
    let all = walked(&publisher.reader(), "", 10, nothing).await;
    assert_eq!(all, ["parent"]);
    parent.completed(&());
    flushed(&publisher).await;
    redis.run(&["DEL", FEED]);
    wait_until("no lease", || redis.leases(LEASES).is_empty());
    assert_eq!(walked(&publisher.reader(), "", 10, nothing).await, [""; 0]);
    let state = publisher.reader().state("parent").await.unwrap().unwrap();
    assert_eq!(state.children, ["child_1", "child_2"]);
}

#[tokio::test]
async fn jobs_that_are_gone_or_cannot_be_read_are_left_out() {
    let redis = TestRedis::start();
    let publisher = Publisher::connect(redis.url()).unwrap();
    for n in 0..5 {
        begun(&publisher, &format!("job_{n:03}"))
            .await
            .completed(&());
    }
    flushed(&publisher).await;
    redis.run(&["DEL", "job_events:job_001"]);
    redis.run(&["DEL", "job_events:job_003"]);
    redis.occupy("job_events:job_003");
    for data in ["no json", r#"{"job_id":"{}"}"#, r#"{"job_id":7}"#, "{}"] {
        redis.run(&[
            "XADD",
            FEED,
            "*",
            "data",
            data,
            "event_type",
            "task_started",
        ]);
    }
    redis.lease(LEASES, "no member", 60_000);
    redis.lease(LEASES, "r:{wrong}", 60_000);
    let all = walked(&publisher.reader(), "", 2, nothing).await;
    assert_eq!(all, expected([4, 2, 0]));
}

#[tokio::test]
async fn a_wrong_cursor_and_missing_rights_are_errors_that_say_so() {
    let redis = TestRedis::start();
    let publisher = Publisher::connect(redis.url()).unwrap();
    begun(&publisher, "job_000").await.completed(&());
    flushed(&publisher).await;
    let jobs = publisher.reader().jobs(query(""));
    let error = jobs.after("$ FLUSHALL\r\n").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidCursor);
    for rights in [
        "~job_events:* +@all",
        "~job_index:* +@all",
        "~* +@all -zrevrange",
    ] {
        redis.allow("other", &format!("reset on >secret {rights}"));
        let url = redis.url().replace("//", "//other:secret@");
        let page = Reader::connect(url).unwrap().jobs(query("")).page().await;
        let error = page.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Rejected, "{rights}");
        assert!(error.to_string().contains("NOPERM"), "{error}");
        assert!(!error.to_string().contains("secret"), "{error}");
    }
}
