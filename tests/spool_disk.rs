//! Row 40: a spool on a disk that is full, broken or none. Nothing stops for that.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use stream_events::{Fields, Publisher, Stats};
use support::{Program, TestRedis, kinds, scenario, seqs, wait_until};
use tempfile::TempDir;

const IN_TIME: Duration = Duration::from_secs(40);

fn publisher(url: &str, folder: &Path) -> Publisher {
    let builder = Publisher::builder().url(url).spool(folder);
    builder.connect().unwrap()
}

fn wait_for(publisher: &Publisher, is_there: impl Fn(&Stats) -> bool) {
    wait_until("the spool is there", || is_there(&publisher.stats()));
}

/// Ends runs with results of so many bytes until this is so; says how many.
fn end_runs(publisher: &Publisher, bytes: usize, until: impl Fn(&Stats) -> bool) -> usize {
    let (began, mut runs) = (Instant::now(), 0);
    while !until(&publisher.stats()) {
        assert!(began.elapsed() < IN_TIME, "{:?}", publisher.stats());
        let emitted = publisher.stats().emitted;
        let job = publisher.job(format!("job_{runs}"), "t").unwrap();
        job.completed(&"x".repeat(bytes));
        runs += 1;
        // One after the other, so that each is a write of its own.
        wait_for(publisher, |stats| {
            stats.spooled + stats.unspooled >= emitted + 2
        });
    }
    runs
}

fn fills_the_disk(url: &str, folder: &Path) {
    tracing_subscriber::fmt().init();
    let publisher = publisher(url, folder);
    let before = end_runs(&publisher, 20_000, |stats| stats.unspooled >= 4);
    println!("the disk is full");
    // Until it is looked at again, and there is room.
    let spooled = publisher.stats().spooled;
    let after = end_runs(&publisher, 10, |stats| stats.spooled >= spooled + 2);
    println!("the disk is mended");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let report = runtime.block_on(publisher.flush(IN_TIME));
    assert!(report.complete, "{report}");
    assert_eq!(report.stats.delivered, 2 * (before + after) as u64);
    assert_eq!(report.stats.spooled, 0);
    assert!(runtime.block_on(publisher.shutdown(IN_TIME)).complete);
    // Also of the file that could not be written any more.
    let is_empty = || fs::read_dir(folder).unwrap().count() == 0;
    wait_until("nothing is left", is_empty);
    println!("all is delivered");
}

#[test]
fn a_full_disk_leaves_events_in_memory_and_is_used_again_when_there_is_room() {
    if let Some(scenario) = scenario() {
        let (url, folder) = scenario.split_once(' ').unwrap();
        return fills_the_disk(url, folder.as_ref());
    }
    let (mut redis, folder) = (TestRedis::start(), TempDir::new().unwrap());
    redis.kill();
    let scenario = format!("{} {}", redis.url(), folder.path().display());
    let test = "a_full_disk_leaves_events_in_memory_and_is_used_again_when_there_is_room";
    let program = Program::again(test, &scenario).with_small_disk(4096);
    let mut child = program.start();
    child.wait_for("the disk is full");
    child.mend_disk();
    child.wait_for("the disk is mended");
    redis.restart();
    let exit = child.wait();
    exit.passed();
    assert!(exit.said.contains("all is delivered"), "{}", exit.said);
    let warnings = exit.said.matches("the spool cannot be written").count();
    assert_eq!(warnings, 1, "{}", exit.said);
}

#[tokio::test]
async fn a_folder_that_cannot_be_is_counted_and_nothing_is_lost() {
    let (mut redis, file) = (TestRedis::start(), tempfile::NamedTempFile::new().unwrap());
    redis.kill();
    let publisher = publisher(&redis.url(), &file.path().join("spool"));
    let job = publisher.job("job_001", "t").unwrap();
    job.emit("row", Fields::new());
    job.completed(&());
    wait_for(&publisher, |stats| stats.unspooled == 2);
    redis.restart();
    assert!(publisher.shutdown(IN_TIME).await.complete);
    assert_eq!(publisher.stats().spooled, 0);
    assert_eq!(seqs(&redis.entries("job_events:job_001")), [0, 1, 2]);
}

#[tokio::test]
async fn a_file_that_cannot_be_read_is_put_aside() {
    let (redis, folder) = (TestRedis::start(), TempDir::new().unwrap());
    let broken = folder.path().join("0123.redb");
    fs::write(&broken, b"what a disk makes of a file").unwrap();
    let publisher = publisher(&redis.url(), folder.path());
    publisher.job("job_001", "t").unwrap().completed(&());
    assert!(publisher.flush(IN_TIME).await.complete);
    assert!(publisher.shutdown(IN_TIME).await.complete);
    assert_eq!(names(folder.path()), ["0123.unreadable"]);
    assert_eq!(seqs(&redis.entries("job_events:job_001")), [0, 1]);
}

const LEFT: u64 = 20;

/// Leaves runs that the store has not seen, all but one with an end, and does not come back.
fn leaves_runs(url: &str, folder: &Path) -> ! {
    let publisher = publisher(url, folder);
    for n in 0..LEFT {
        let job = publisher.job(format!("left_{n}"), "t").unwrap();
        job.completed(&"x".repeat(20_000));
    }
    let _at_work = publisher.job("left_at_work", "t").unwrap();
    wait_for(&publisher, |stats| stats.spooled == 2 * LEFT + 1);
    println!("all is on the disk");
    loop {
        std::thread::park();
    }
}

/// Goes on where others have left runs, with as much room as there is.
fn goes_on(url: &str, folder: &Path) {
    tracing_subscriber::fmt().init();
    let publisher = publisher(url, folder);
    publisher.job("job_001", "t").unwrap().completed(&());
    wait_for(&publisher, |stats| {
        stats.delivered + stats.unspooled + stats.spooled >= 2
    });
    println!("it has begun");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let report = runtime.block_on(publisher.flush(IN_TIME));
    assert!(report.complete, "{report}");
    publisher.job("job_002", "t").unwrap().completed(&());
    let report = runtime.block_on(publisher.shutdown(IN_TIME));
    assert!(report.complete, "{report}");
}

fn names(folder: &Path) -> Vec<String> {
    let files = fs::read_dir(folder).unwrap();
    let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    names.collect()
}

/// A file has room for nothing that is written, or for less than it takes to bring all of it back.
#[test]
fn what_others_have_left_is_there_once_also_where_it_is_taken_up_on_a_full_disk() {
    let test = "what_others_have_left_is_there_once_also_where_it_is_taken_up_on_a_full_disk";
    if let Some(scenario) = scenario() {
        let [part, url, folder] = scenario.split(' ').collect::<Vec<_>>().try_into().unwrap();
        match part {
            "leaves" => leaves_runs(url, folder.as_ref()),
            _ => return goes_on(url, folder.as_ref()),
        }
    }
    for kib in [0, 128] {
        let (mut redis, folder) = (TestRedis::start(), TempDir::new().unwrap());
        let scenario = format!("{} {}", redis.url(), folder.path().display());
        let part = |part| Program::again(test, &format!("{part} {scenario}"));
        redis.kill();
        let mut gone = part("leaves").start();
        gone.wait_for("all is on the disk");
        gone.signal("KILL");
        assert!(!gone.wait().status.success());
        let left = names(folder.path());
        let mut next = part("goes_on").with_small_disk(kib).start();
        next.wait_for("it has begun");
        redis.restart();
        next.wait().passed();
        assert_eq!(names(folder.path()), left, "what cannot be written stays");
        part("goes_on").run().passed();
        assert_eq!(names(folder.path()), [""; 0], "{kib}");
        for n in 0..LEFT {
            let entries = redis.entries(&format!("job_events:left_{n}"));
            assert_eq!(kinds(&entries), ["task_started", "task_completed"], "{kib}");
        }
        let entries = redis.entries("job_events:left_at_work");
        assert_eq!(
            kinds(&entries),
            ["task_started", "task_failed: lost"],
            "{kib}"
        );
        // Each process had a run of its own before, and one after.
        for job in ["job_001", "job_002"] {
            let entries = redis.entries(&format!("job_events:{job}"));
            assert_eq!(seqs(&entries), [0, 1, 0, 1], "{kib}");
        }
    }
}
