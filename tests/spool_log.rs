//! The lines that an operator reads about what processes have left in the spool.
#![allow(clippy::unwrap_used)]

mod lines;

use std::fs;
use std::path::Path;
use std::time::Duration;

use lines::{SOON, log};
use stream_events::Publisher;
use support::{TestRedis, wait_until};
use tempfile::TempDir;

fn spooling(url: &str, folder: &Path) -> Publisher {
    let builder = Publisher::builder().url(url).spool(folder);
    builder.connect().unwrap()
}

/// Leaves a start and an end of each of these jobs, for a server that is away.
async fn leave(url: &str, folder: &Path, jobs: &[&str]) {
    let publisher = spooling(url, folder);
    for job in jobs {
        publisher.job(*job, "t").unwrap().completed(&());
    }
    let report = publisher.shutdown(Duration::ZERO).await;
    assert_eq!(report.stats.spooled, 2 * jobs.len() as u64, "{report}");
}

#[tokio::test]
async fn what_comes_of_the_spool_is_said_and_what_is_refused_for_good_stays_there() {
    let log = log();
    let (mut redis, folder) = (TestRedis::start(), TempDir::new().unwrap());
    let address = redis.url();
    redis.kill();
    leave(&address, folder.path(), &["job_001", "job_002", "job_003"]).await;
    redis.restart();
    redis.occupy("job_events:job_001");
    redis.occupy("job_events:job_002");
    let publisher = spooling(&address, folder.path());
    assert!(publisher.shutdown(SOON).await.complete);
    let refused = "does not take events that a process has left in the spool (WRONGTYPE";
    let line = log.wait_for(&["WARN stream_events", &address, refused]);
    assert!(line.ends_with("); they stay there"), "{line}");
    let delivered = format!("delivered 2 events from the spool to {address}");
    log.wait_for(&["INFO stream_events", &delivered]);
    assert_eq!(log.count(&format!("{address} does not take")), 1);
    redis.run(&["DEL", "job_events:job_001", "job_events:job_002"]);
    let publisher = spooling(&address, folder.path());
    assert!(publisher.shutdown(SOON).await.complete);
    assert_eq!(publisher.stats().restored, 4);
    let is_empty = || fs::read_dir(folder.path()).unwrap().count() == 0;
    wait_until("nothing is left", is_empty);
}

#[tokio::test]
async fn a_file_that_is_for_another_store_or_cannot_be_read_is_named_without_a_secret() {
    let log = log();
    let (mut redis, folder) = (TestRedis::start(), TempDir::new().unwrap());
    let address = redis.url();
    redis.kill();
    let other = format!("{}1", address.replace("//", "//:s3cret@"));
    leave(&other, folder.path(), &["job_001"]).await;
    redis.restart();
    let broken = folder.path().join("0.redb");
    fs::write(&broken, "what a disk makes of a file").unwrap();
    let publisher = spooling(&address, folder.path());
    assert!(publisher.shutdown(SOON).await.complete);
    let folder = folder.path().display().to_string();
    let place = address.trim_end_matches('/');
    let of = format!("holds events for {place} (database 1) job_events; they stay there");
    log.wait_for(&["WARN stream_events", &folder, &of]);
    let aside = format!("{folder}/0.unreadable cannot be read (");
    log.wait_for(&["ERROR stream_events", &aside, "is not delivered"]);
    assert_eq!(log.count("s3cret"), 0);
}
