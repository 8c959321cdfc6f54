//! Processes that are taken for dead, or might be, and live: what was said of their runs is taken back,
//! or never said.
#![allow(clippy::unwrap_used)]

mod at_work;
mod followed;

use std::time::{Duration, Instant, SystemTime};

use at_work::{IN_TIME, SHORT, block_on, publisher, reader, reap};
use followed::followed;
use stream_events::{ErrorKind, Event, Fields, Reader, Reaper};
use support::{Program, TestRedis, kinds, scenario, seqs, wait_until};

const INDEX: &str = "job_index:active";
const KEY: &str = "job_events:job_001";
/// A grace time that a process that lives cannot miss.
const AMPLE: Duration = Duration::from_secs(5);

/// Begins a run, and ends it when it is told to.
fn works(scenario: &str) {
    let (url, admin) = scenario.split_once(' ').unwrap();
    tracing_subscriber::fmt().with_ansi(false).init();
    let publisher = publisher(url);
    let job = publisher.job("job_001", "t").unwrap();
    job.progress("before");
    assert!(block_on(publisher.flush(IN_TIME)).complete);
    println!("at work");
    let mut client = redis::Client::open(admin)
        .unwrap()
        .get_connection()
        .unwrap();
    let told = redis::cmd("BLPOP").arg("go").arg(60).exec(&mut client);
    told.unwrap();
    job.emit("row", Fields::new());
    job.completed(&());
    assert!(block_on(publisher.flush(IN_TIME)).complete);
}

async fn all(reader: &Reader) -> Vec<Event> {
    followed(reader.watch("job_001").unwrap()).await
}

fn types(events: &[Event]) -> Vec<&str> {
    let types = events.iter().map(|event| event.event_type().as_str());
    types.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_was_frozen_takes_back_that_it_is_lost_and_readers_follow() {
    if let Some(url) = scenario() {
        return works(&url);
    }
    let redis = TestRedis::start();
    let mut process = Program::again(
        "a_process_that_was_frozen_takes_back_that_it_is_lost_and_readers_follow",
        &format!("{} {}", redis.url(), redis.admin_url()),
    )
    .start();
    process.wait_for("at work");
    let reader = reader(&redis.url());
    process.signal("STOP");
    // It ends there: nobody can know more.
    let until_lost = all(&reader).await;
    let lost = ["task_started", "task_progress", "task_failed"];
    assert_eq!(types(&until_lost), lost);
    assert!(until_lost[2].is_lost() && until_lost[2].is_terminal());
    process.signal("CONT");
    wait_until("it says that it goes on", || redis.entries(KEY).len() == 4);
    // It is leased again, and not declared lost again.
    let patient = reader.with_grace(AMPLE);
    let again = reap(&patient);
    let later = tokio::spawn(async move { all(&patient).await });
    redis.run(&["RPUSH", "go", "now"]);
    let exit = process.wait();
    exit.passed();
    assert_eq!(again.end().await, []);

    let entries = redis.entries(KEY);
    let expected = [
        "task_started",
        "task_progress",
        "task_failed: lost",
        "task_resumed",
        "row",
        "task_completed",
    ];
    assert_eq!(kinds(&entries), expected);
    assert_eq!(seqs(&entries), [0, 1, 2, 3, 4], "the declaration has none");
    let run = &entries[0].data()["run"];
    assert!(entries.iter().all(|entry| entry.data()["run"] == *run));
    assert_eq!(redis.leases(INDEX), []);
    let events = later.await.unwrap();
    let are_lost: Vec<_> = events.iter().map(Event::is_lost).collect();
    assert_eq!(are_lost, [false, false, true, false, false, false]);
    let said =
        "job `job_001` goes on; it was declared lost while this process could not renew its lease";
    assert_eq!(exit.said.matches(said).count(), 1, "{}", exit.said);
}

/// Waits until this time is over for good, by the clock of the machine, which is the server's.
fn let_run_out(until: u64) {
    let now = || SystemTime::UNIX_EPOCH.elapsed().unwrap().as_millis() as u64;
    let renewed_since = 2 * SHORT.as_millis() as u64;
    wait_until("the lease has run out", || now() > until + renewed_since);
}

fn is_leased(redis: &TestRedis) -> bool {
    let now = redis.clock();
    redis.leases(INDEX).iter().any(|(_, until)| *until > now)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_longer_than_the_lease_loses_no_run_that_lives() {
    let mut redis = TestRedis::with_aof();
    let publisher = publisher(&redis.url());
    let job = publisher.job("job_001", "t").unwrap();
    assert!(publisher.flush(IN_TIME).await.complete);
    let reader = Reader::connect(redis.url()).unwrap().with_grace(AMPLE);
    let reaping = reap(&reader);
    let watch = tokio::spawn(async move { all(&reader).await });
    let until = redis.leases(INDEX)[0].1;
    redis.freeze();
    job.progress("while it is frozen");
    let_run_out(until);
    redis.thaw();
    wait_until("it is leased again", || is_leased(&redis));
    let until = redis.leases(INDEX)[0].1;
    redis.kill();
    job.progress("while it is gone");
    let_run_out(until);
    redis.restart();
    wait_until("it is leased again", || is_leased(&redis));
    job.completed(&());
    assert!(publisher.flush(IN_TIME).await.complete);
    assert_eq!(reaping.end().await, []);
    let expected = [
        "task_started",
        "task_progress",
        "task_progress",
        "task_completed",
    ];
    assert_eq!(kinds(&redis.entries(KEY)), expected);
    assert_eq!(types(&watch.await.unwrap()), expected);
}

async fn is_lost_in_the_end(redis: &TestRedis, reaper: &mut Reaper) {
    let began = Instant::now();
    while reaper.reap().await.unwrap().is_empty() {
        assert!(began.elapsed() < IN_TIME, "nobody notices");
    }
    let entries = redis.entries(KEY);
    assert_eq!(kinds(&entries), ["task_started", "task_failed: lost"]);
}

/// A store that takes nothing takes no renewal: those who live need time once it does again.
#[tokio::test]
async fn while_the_server_is_full_no_time_counts() {
    let redis = TestRedis::start();
    redis.abandon(KEY, INDEX);
    redis.fill();
    let grace = Duration::from_secs(2);
    let mut reaper = Reader::connect(redis.url())
        .unwrap()
        .with_grace(grace)
        .reaper();
    let began = Instant::now();
    // Into the middle of a time that began when nothing could be declared.
    while began.elapsed() < grace * 5 / 2 {
        assert_eq!(reaper.reap().await.unwrap(), []);
    }
    redis.unfill();
    assert_eq!(reaper.reap().await.unwrap(), [], "it may come back");
    is_lost_in_the_end(&redis, &mut reaper).await;
}

#[tokio::test]
async fn while_the_server_is_away_no_time_counts() {
    let mut redis = TestRedis::with_aof();
    redis.abandon(KEY, INDEX);
    let grace = Duration::from_secs(2);
    let mut reaper = Reader::connect(redis.url())
        .unwrap()
        .with_grace(grace)
        .reaper();
    assert_eq!(reaper.reap().await.unwrap(), [], "seen for the first time");
    let seen = Instant::now();
    redis.kill();
    let error = reaper.reap().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    wait_until("the grace time is over", || seen.elapsed() > grace);
    redis.restart();
    assert_eq!(reaper.reap().await.unwrap(), [], "it may come back");
    is_lost_in_the_end(&redis, &mut reaper).await;
}
