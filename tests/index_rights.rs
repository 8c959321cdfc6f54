//! The index of jobs where the user of the store may not write it.
#![allow(clippy::unwrap_used)]

use std::time::Duration;

use stream_events::{JobId, Publisher, Reader};
use support::{Program, TestRedis, kinds, scenario};

const FEED: &str = "job_index:feed";
const IN_TIME: Duration = Duration::from_secs(30);

/// Jobs within one, of a user who may not do everything; then one who may.
fn works_without_rights(url: &str) {
    tracing_subscriber::fmt().with_ansi(false).init();
    let publisher = Publisher::connect(url).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let parent = JobId::try_from("parent").unwrap();
    let work = |n| {
        let job = publisher.job_builder(format!("job_{n}"), "t").unwrap();
        let job = job.parent(&parent).start().unwrap();
        assert!(runtime.block_on(publisher.flush(IN_TIME)).complete);
        job.completed(&());
        assert!(runtime.block_on(publisher.flush(IN_TIME)).complete);
    };
    (0..3).for_each(work);
    println!("three are done");
    let mut watch = Reader::connect(url).unwrap().watch("over").unwrap();
    let _ = runtime.block_on(async { tokio::time::timeout(IN_TIME * 2, watch.next()).await });
    work(3);
    assert!(runtime.block_on(publisher.shutdown(IN_TIME)).complete);
}

#[test]
fn without_rights_to_the_index_events_are_delivered_and_that_is_said_once_by_name() {
    const TEST: &str =
        "without_rights_to_the_index_events_are_delivered_and_that_is_said_once_by_name";
    if let Some(url) = scenario() {
        return works_without_rights(&url);
    }
    let redis = TestRedis::start();
    for (rights, refused) in [
        (
            "~job_events:* ~job_index:active ~over +@all",
            &["job_index:feed", "{job_events:…}:children"][..],
        ),
        (
            "~job_events:* ~job_index:* ~over +@all",
            &["{job_events:…}:children"],
        ),
    ] {
        redis.run(&["FLUSHALL"]);
        redis.allow("worker", &format!("reset on >secret {rights}"));
        let url = redis.url().replace("//", "//worker:secret@");
        let mut worker = Program::again(TEST, &url).start();
        worker.wait_for("three are done");
        for n in 0..3 {
            let entries = redis.entries(&format!("job_events:job_{n}"));
            assert_eq!(kinds(&entries), ["task_started", "task_completed"]);
        }
        redis.allow("worker", "~* +@all");
        redis.run(&["XADD", "job_events:over", "*", "data", "{}"]);
        let exit = worker.wait();
        exit.passed();
        for name in ["job_index:feed", "{job_events:…}:children"] {
            let warned = format!("does not take what is for `{name}` (NOPERM ");
            let times = usize::from(refused.contains(&name));
            assert_eq!(exit.said.matches(&warned).count(), times, "{}", exit.said);
            let again = format!("takes what is for `{name}` again");
            assert_eq!(exit.said.matches(&again).count(), times, "{}", exit.said);
        }
        let why = "); jobs run on, but lists and feeds of jobs lack them";
        assert!(exit.said.contains(why), "{}", exit.said);
        assert!(!exit.said.contains("secret"), "{}", exit.said);
        let feed = redis.entries(FEED);
        let last = feed.last().unwrap();
        assert_eq!(last.data()["job_id"], "job_3");
        assert_eq!(last.field("event_type"), "task_completed");
    }
}

/// Jobs within one, of a user who may not do everything.
#[tokio::test]
async fn what_the_index_lacks_for_want_of_rights_is_counted() {
    let redis = TestRedis::start();
    for (name, rights, unindexed, unleased) in [
        ("all", "~* +@all", 0, 0),
        ("no_feed", "~{job_events:* ~job_index:active +@all", 6, 0),
        ("no_children", "~job_index:* +@all", 3, 0),
        ("no_leases", "~{job_events:* ~job_index:feed +@all", 0, 3),
        ("nothing", "+@all", 6, 3),
    ] {
        redis.run(&["FLUSHALL"]);
        redis.allow(name, &format!("on >secret ~job_events:* {rights}"));
        let url = redis.url().replace("//", &format!("//{name}:secret@"));
        let publisher = Publisher::connect(&url).unwrap();
        let parent = JobId::try_from("parent").unwrap();
        for n in 0..3 {
            let job = publisher.job_builder(format!("job_{n}"), "t").unwrap();
            let job = job.parent(&parent).start().unwrap();
            job.completed(&());
        }
        let report = publisher.flush(IN_TIME).await;
        assert!(report.complete, "{name}: {report}");
        let stats = publisher.stats();
        assert_eq!(
            (stats.unindexed, stats.unleased),
            (unindexed, unleased),
            "{name}"
        );
        let settled = stats.delivered + stats.coalesced + stats.dropped.total();
        assert_eq!(
            (stats.delivered, settled + stats.pending),
            (6, stats.emitted)
        );
    }
}
