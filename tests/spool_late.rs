//! An end that was on its way when its process was killed: it may arrive late, and is in the spool, too.
#![allow(clippy::unwrap_used)]

mod spooling;

use std::fs;
use std::path::Path;

use spooling::{IN_TIME, files, publisher, restores, types, wait_for};
use support::{Program, Proxy, Rule, TestRedis, Way, scenario};
use tempfile::TempDir;

/// A child's part: its run has begun, and its end is on its way when it is told so.
fn ends_when_told() {
    let scenario = scenario().unwrap();
    let (url, folder) = scenario.split_once(' ').unwrap();
    let publisher = publisher(url, folder.as_ref());
    let job = publisher.job("job_001", "t").unwrap();
    wait_for(&publisher, "delivered", |stats| stats.delivered == 1);
    println!("it has begun");
    let told = Path::new(folder).join(TOLD);
    wait_for(&publisher, "told", |_| told.exists());
    job.completed(&());
    wait_for(&publisher, "on the disk", |stats| stats.spooled == 1);
    println!("it is on the disk");
    loop {
        std::thread::park();
    }
}

/// A file of this name tells it so.
const TOLD: &str = "told";

/// Its end is on its way, and does not get further, before it is killed.
fn killed_with_its_end_on_its_way(test: &str, url: &str, folder: &Path, hold: impl FnOnce()) {
    let scenario = format!("{url} {}", folder.display());
    let mut child = Program::again(test, &scenario).start();
    child.wait_for("it has begun");
    hold();
    fs::write(folder.join(TOLD), "").unwrap();
    child.wait_for("it is on the disk");
    child.signal("KILL");
    assert!(!child.wait().status.success());
}

/// The server takes the end from the process that is gone, and not from the next one too.
#[tokio::test]
async fn an_end_that_was_on_its_way_is_delivered_once() {
    if scenario().is_some() {
        ends_when_told();
    }
    let (redis, folder) = (TestRedis::start(), TempDir::new().unwrap());
    let test = "an_end_that_was_on_its_way_is_delivered_once";
    killed_with_its_end_on_its_way(test, &redis.url(), folder.path(), || redis.freeze());
    redis.thaw();
    let publisher = publisher(&redis.url(), folder.path());
    let mut watch = publisher.reader().watch("job_001").unwrap();
    while let Some(item) = watch.next().await {
        item.unwrap();
    }
    assert!(publisher.shutdown(IN_TIME).await.complete);
    let entries = redis.entries("job_events:job_001");
    assert_eq!(types(&entries), ["task_started", "task_completed"]);
    assert_eq!(files(folder.path()), [TOLD]);
}

/// Row 7: what it had sent comes after the next process has delivered it.
#[tokio::test]
async fn an_end_that_arrives_late_is_not_there_twice() {
    if scenario().is_some() {
        ends_when_told();
    }
    let (redis, folder) = (TestRedis::start(), TempDir::new().unwrap());
    let proxy = Proxy::to(&redis);
    let hold = || proxy.rule_old(Way::ToServer, Rule::Hold);
    let test = "an_end_that_arrives_late_is_not_there_twice";
    killed_with_its_end_on_its_way(test, &proxy.url(), folder.path(), hold);
    restores(&proxy.url(), folder.path(), 1).await;
    let before = proxy.traffic().to_server;
    proxy.heal();
    proxy.wait(|traffic| traffic.to_server > before && traffic.open == 0);
    let entries = redis.entries("job_events:job_001");
    assert_eq!(types(&entries), ["task_started", "task_completed"]);
}
