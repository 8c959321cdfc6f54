//! What stands in the index of jobs: the lifecycle of all of them, and the children of each.
#![allow(clippy::unwrap_used)]

mod rows;

use std::time::Duration;

use rows::flushed;
use serde_json::{Value, json};
use stream_events::{DEFAULT_FEED_LEN, JobId, Publisher, Reader};
use support::{End, Program, Proxy, RawEntry, Rule, TestRedis, Way, kinds, scenario, wait_until};
use tempfile::TempDir;

const FEED: &str = "job_index:feed";
const LEASES: &str = "job_index:active";
const IN_TIME: Duration = Duration::from_secs(30);
const SHORT: Duration = Duration::from_millis(300);

/// `<job> <event type>` of each.
fn said(entries: &[RawEntry]) -> Vec<String> {
    let of = entries.iter().map(|entry| entry.data()["job_id"].clone());
    let jobs = of.map(|job| job.as_str().unwrap().to_owned());
    jobs.zip(kinds(entries))
        .map(|(job, kind)| format!("{job} {kind}"))
        .collect()
}

fn keys(data: &Value) -> Vec<&str> {
    data.as_object().unwrap().keys().map(|key| &**key).collect()
}

#[tokio::test]
async fn the_feed_has_the_lifecycle_of_all_jobs_and_little_of_each_event() {
    let redis = TestRedis::start();
    let publisher = Publisher::connect(redis.url()).unwrap();
    let long = "汉".repeat(10_000);
    let (a, b) = (
        publisher.job("a", "t").unwrap(),
        publisher.job("b", "t").unwrap(),
    );
    a.progress("on its way");
    a.emit("row", stream_events::Fields::new().field("n", &1));
    flushed(&publisher).await;
    a.completed(&long);
    flushed(&publisher).await;
    b.failed(&long);
    // A flush is answered once the index has it too.
    flushed(&publisher).await;
    let feed = redis.entries(FEED);
    let lifecycle = [
        "a task_started",
        "b task_started",
        "a task_completed",
        "b task_failed: error",
    ];
    assert_eq!(said(&feed), lifecycle);
    for entry in &feed {
        let size = entry.data().to_string().len();
        assert!(size < 1000, "{size}: {:?}", entry.data());
        let data = entry.data();
        // Where it stands on the job's own stream, as it is there.
        let key = format!("job_events:{}", data["job_id"].as_str().unwrap());
        let own = redis.entries(&key);
        let own = own.iter().find(|own| data["event_id"] == *own.id).unwrap();
        for key in [
            "event_type",
            "timestamp",
            "job_id",
            "task_type",
            "run",
            "seq",
        ] {
            assert_eq!(data[key], own.data()[key], "{key}");
        }
        assert_eq!(entry.field("timestamp"), own.field("timestamp"));
    }
    assert_eq!(feed[2].data().get("result"), None);
    assert!(feed[2].data()["duration_ms"].is_u64());
    let data = feed[3].data();
    let (error, cut) = (data["error"].as_str().unwrap(), data["truncated"].clone());
    assert!(long.starts_with(error) && error.len() > 400, "{error}");
    assert_eq!((cut, &data["will_retry"]), (json!(true), &json!(false)));
    let started = feed[0].data();
    let expected = ["event_id", "event_type", "job_id", "run", "seq"];
    let mut named = keys(&started);
    named.retain(|key| !["task_type", "timestamp", "worker"].contains(key));
    assert_eq!(named, expected);
    let kept = redis.kept(FEED);
    let week = 7 * 24 * 60 * 60;
    assert!((week - 60..=week).contains(&kept), "{kept}");
}

#[tokio::test]
async fn the_feed_is_bounded_and_may_be_left_out() {
    let redis = TestRedis::start();
    let builder = |events| Publisher::builder().url(redis.url()).feed_len(events);
    let publisher = builder(100).connect().unwrap();
    for n in 0..600 {
        let job = publisher.job(format!("job_{n}"), "t").unwrap();
        job.completed(&());
        if n % 20 == 0 || n > 590 {
            flushed(&publisher).await;
        }
    }
    flushed(&publisher).await;
    let length = redis.entries(FEED).len();
    // In whole blocks.
    assert!((100..=300).contains(&length), "{length}");
    assert_eq!(
        redis.entries(FEED).last().unwrap().data()["job_id"],
        "job_599"
    );
    redis.run(&["DEL", FEED]);
    let silent = builder(0).connect().unwrap();
    silent.job("job", "t").unwrap().completed(&());
    flushed(&silent).await;
    assert_eq!(redis.entries("job_events:job").len(), 2);
    assert_eq!(redis.entries(FEED).len(), 0);
    assert_eq!(DEFAULT_FEED_LEN, 20_000);
}

#[tokio::test]
async fn a_job_has_the_starts_of_its_children_beside_it_for_as_long_as_it_may_run() {
    let redis = TestRedis::start();
    let publisher = Publisher::connect(redis.url()).unwrap();
    let parent = publisher.job("parent", "t").unwrap();
    let parent_id = JobId::try_from("parent").unwrap();
    for n in 0..3 {
        let child = publisher.job_builder(format!("child_{n}"), "t").unwrap();
        let child = child.parent(&parent_id).start().unwrap();
        child.completed(&());
    }
    flushed(&publisher).await;
    let children = redis.entries("{job_events:parent}:children");
    let started = [
        "child_0 task_started",
        "child_1 task_started",
        "child_2 task_started",
    ];
    let mut said = said(&children);
    said.sort();
    assert_eq!(said, started);
    let kept = redis.kept("{job_events:parent}:children");
    assert!(kept > 6 * 24 * 60 * 60, "{kept}");
    drop(parent);
}

/// The ends that others write: a reaper, a watch, and who finds what is left in the spool.
#[tokio::test]
async fn ends_that_others_write_are_in_the_feed() {
    let redis = TestRedis::start();
    let url = redis.url();
    redis.abandon("job_events:reaped", LEASES);
    redis.run(&["XADD", FEED, "*", "data", "{}"]);
    let reader = Reader::connect(&url).unwrap().with_grace(SHORT);
    let mut reaper = reader.reaper();
    while reaper.reap().await.unwrap().is_empty() {
        tokio::time::sleep(SHORT / 10).await;
    }
    redis.abandon("job_events:watched", LEASES);
    let mut watch = reader.watch("watched").unwrap();
    while watch.next().await.is_some() {}
    let feed = redis.entries(FEED);
    let lost = ["reaped task_failed: lost", "watched task_failed: lost"];
    assert_eq!(said(&feed[1..]), lost);
}

fn leaves_a_child() {
    let scenario = scenario().unwrap();
    let (url, folder) = scenario.split_once(' ').unwrap();
    let builder = Publisher::builder().url(url).spool(folder);
    let publisher = builder.connect().unwrap();
    let job = publisher.job_builder("left", "t").unwrap();
    let parent = JobId::try_from("parent").unwrap();
    let _at_work = job.parent(&parent).start().unwrap();
    wait_until("on the disk", || publisher.stats().spooled == 1);
    println!("it is on the disk");
    loop {
        std::thread::park();
    }
}

#[tokio::test]
async fn what_a_process_has_left_in_the_spool_is_in_the_index_where_it_is_brought_back() {
    const TEST: &str =
        "what_a_process_has_left_in_the_spool_is_in_the_index_where_it_is_brought_back";
    if scenario().is_some() {
        leaves_a_child();
    }
    let (mut redis, folder) = (TestRedis::start(), TempDir::new().unwrap());
    redis.kill();
    let scenario = format!("{} {}", redis.url(), folder.path().display());
    let mut child = Program::again(TEST, &scenario).start();
    child.wait_for("it is on the disk");
    child.signal("KILL");
    assert!(!child.wait().status.success());
    redis.restart();
    let builder = Publisher::builder().url(redis.url()).spool(folder.path());
    let publisher = builder.connect().unwrap();
    assert!(publisher.shutdown(IN_TIME).await.complete);
    let expected = ["left task_started", "left task_failed: lost"];
    assert_eq!(said(&redis.entries(FEED)), expected);
    let children = redis.entries("{job_events:parent}:children");
    assert_eq!(said(&children), ["left task_started"]);
    assert!(redis.kept(FEED) > 0);
}

/// What the server has lost of streams it gets again, and so the index.
#[tokio::test]
async fn a_server_that_comes_back_empty_has_the_index_of_what_it_gets_again() {
    let mut redis = TestRedis::start();
    let publisher = Publisher::connect(redis.url()).unwrap();
    let job = publisher.job("job", "t").unwrap();
    publisher.job("done", "t").unwrap().completed(&());
    flushed(&publisher).await;
    redis.kill();
    redis.restart();
    job.completed(&());
    flushed(&publisher).await;
    let mut feed = said(&redis.entries(FEED));
    feed.sort();
    let expected = [
        "done task_completed",
        "done task_started",
        "job task_completed",
        "job task_started",
    ];
    assert_eq!(feed, expected);
    assert!(redis.kept(FEED) > 0);
}

#[tokio::test]
async fn what_a_broken_connection_may_have_taken_is_told_again() {
    let redis = TestRedis::start();
    let proxy = Proxy::to(&redis);
    let publisher = Publisher::connect(proxy.url()).unwrap();
    let job = publisher.job("job", "t").unwrap();
    flushed(&publisher).await;
    let cut = Rule::CutOn(FEED.as_bytes().to_vec(), End::Reset);
    proxy.rule(Way::ToServer, cut);
    job.completed(&());
    proxy.wait(|traffic| traffic.connections > 1);
    proxy.heal();
    assert_eq!(redis.entries("job_events:job").len(), 2);
    let started = ["job task_started", "job task_completed"];
    wait_until("it is there", || {
        let feed = said(&redis.entries(FEED));
        feed.starts_with(&started.map(str::to_owned))
    });
}
