//! The lines that an operator reads, under a global subscriber that hears everything.
#![allow(clippy::unwrap_used)]

mod served;

use std::fs;
use std::path::Path;
use std::sync::OnceLock;
use std::time::Duration;

use serde_json::json;
use served::service::Service;
use stream_events::{Publisher, Reader, job_events, publish};
use support::{Log, TestRedis, wait_until};
use tempfile::TempDir;
use tracing::Level;

const SOON: Duration = Duration::from_secs(30);

/// The process's one log.
fn log() -> &'static Log {
    static LOG: OnceLock<Log> = OnceLock::new();
    LOG.get_or_init(|| {
        let log = Log::default();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(Level::TRACE)
            .with_ansi(false);
        subscriber.with_writer(log.writer()).init();
        log
    })
}

#[tokio::test]
async fn an_outage_is_said_once_with_its_end_and_no_secret() {
    let log = log();
    let mut redis = TestRedis::start();
    let address = redis.url().trim_end_matches('/').to_owned();
    redis.configure("requirepass", "s3cret");
    let publisher = Publisher::connect(redis.url().replace("//", "//:s3cret@")).unwrap();
    let job = publisher.job("job_001", "t").unwrap();
    assert!(publisher.flush(SOON).await.complete);
    redis.kill();
    job.progress("meanwhile");
    let away = log.wait_for(&["WARN stream_events", &address, "is away ("]);
    assert!(away.ends_with("; jobs run on, events wait"), "{away}");
    redis.restart();
    redis.configure("requirepass", "s3cret");
    let back = log.wait_for(&["INFO stream_events", &address, "is back after"]);
    assert!(back.ends_with("1 events wait"), "{back}");
    assert!(publisher.flush(SOON).await.complete);
    assert_eq!(log.count(&format!("{address}/ is away")), 1);
    assert_eq!(log.count("s3cret"), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn watches_say_once_for_all_that_they_wait_for_a_store_that_is_away() {
    let log = log();
    let mut redis = TestRedis::start();
    let url = redis.url();
    let reader = Reader::connect(&url).unwrap();
    redis.kill();
    let first = |n| {
        let mut watch = reader.watch(format!("job_{n}")).unwrap();
        tokio::spawn(async move { watch.next().await.unwrap().is_ok() })
    };
    let watches: Vec<_> = (0..20).map(first).collect();
    let said = log.wait_for(&["WARN stream_events", &url, "cannot be reached: "]);
    assert!(said.ends_with("; who follows jobs there waits"), "{said}");
    redis.restart();
    let publisher = Publisher::connect(&url).unwrap();
    let _jobs: Vec<_> = (0..20)
        .map(|n| publisher.job(format!("job_{n}"), "t").unwrap())
        .collect();
    for watch in watches {
        assert!(watch.await.unwrap());
    }
    assert_eq!(log.count(&format!("{url} cannot be reached")), 1);
}

#[tokio::test]
async fn why_a_caller_over_http_is_refused_is_said_once() {
    let log = log();
    let redis = TestRedis::start();
    let service = Service::open(&redis.url().replace("//", "//:s3cret@")).await;
    for _ in 0..3 {
        let answer = reqwest::get(service.url("/jobs/job_001")).await.unwrap();
        assert_eq!(answer.status(), 502);
    }
    let refused = format!("{} refused the read: ", redis.url());
    let said = log.wait_for(&["WARN stream_events", &refused]);
    let told = "; who asks over HTTP is told no reason";
    assert!(said.ends_with(told), "{said}");
    assert_eq!((log.count(&refused), log.count("s3cret")), (1, 0));
}

#[tokio::test]
async fn a_store_that_takes_nothing_is_said_once_with_the_reason_and_so_is_its_end() {
    let log = log();
    let redis = TestRedis::start();
    let address = redis.url();
    redis.fill();
    // Long enough to be refused first.
    let timeout = Duration::from_secs(3);
    let publisher = Publisher::builder()
        .url(&address)
        .publish_timeout(timeout)
        .connect()
        .unwrap();
    let error = publisher
        .publish_task_started("job_full", "t", &())
        .await
        .unwrap_err();
    assert!(error.to_string().contains("within 3s (OOM "), "{error}");
    log.wait_for(&[
        "WARN stream_events",
        &address,
        "takes no events (OOM ",
        "jobs run on, events wait",
    ]);
    redis.unfill();
    log.wait_for(&["INFO stream_events", &address, "takes events again"]);
    assert_eq!(log.count(&format!("{address} takes no events")), 1);
}

#[tokio::test]
async fn a_refusal_for_good_names_event_and_job() {
    let log = log();
    let redis = TestRedis::start();
    redis.occupy("job_events:taken");
    let publisher = Publisher::connect(redis.url()).unwrap();
    publisher
        .publish_event("taken", &json!({"event_type": "x"}))
        .await
        .unwrap_err();
    let parts = [
        "ERROR stream_events",
        "refused x of job `taken` for good: WRONGTYPE",
    ];
    log.wait_for(&parts);
}

/// Row 11b: said at the start, and once for all connections.
#[tokio::test]
async fn a_store_that_may_throw_streams_away_is_said_once() {
    let log = log();
    let warning = "throws jobs' streams away when its memory is full";
    for policy in ["allkeys-lru", "volatile-ttl"] {
        let redis = TestRedis::with(&["--maxmemory", "100mb", "--maxmemory-policy", policy]);
        let address = redis.url();
        let publisher = Publisher::connect(&address).unwrap();
        let how = format!("(maxmemory-policy is {policy}; with noeviction, events wait instead)");
        log.wait_for(&["WARN stream_events", &address, warning, &how]);
        redis.kill_connections();
        let published = publisher.publish_task_started("job_001", "t", &()).await;
        published.unwrap();
        log.wait_for(&["INFO stream_events", &address, "is back after"]);
        assert_eq!(log.count(&format!("{address} {warning}")), 1);
    }
}

/// Row 11b: nothing is said where nothing is thrown away, or where it is not known.
#[tokio::test]
async fn a_store_that_throws_nothing_away_is_not_warned_of() {
    let log = log();
    let limited = "--maxmemory 100mb --maxmemory-policy noeviction";
    let unlimited = "--maxmemory 0 --maxmemory-policy allkeys-lru";
    let unasked = "--maxmemory 100mb --maxmemory-policy allkeys-lru";
    for (arguments, user) in [(limited, ""), (unlimited, ""), (unasked, "writer:secret@")] {
        let arguments: Vec<_> = arguments.split(' ').collect();
        let mut redis = TestRedis::with(&arguments);
        redis.allow("writer", "on >secret ~* +@all -info");
        let publisher = Publisher::connect(redis.url().replace("//", &format!("//{user}")));
        let publisher = publisher.unwrap();
        let published = publisher.publish_task_started("job_001", "t", &()).await;
        published.unwrap();
        // What is said later comes later.
        let address = redis.url();
        redis.kill();
        let _meanwhile = publisher.job("job_002", "t").unwrap();
        log.wait_for(&["WARN stream_events", &address, "is away ("]);
        assert_eq!(log.count(&format!("{address} throws")), 0, "{arguments:?}");
    }
}

#[job_events(task_type = "t")]
async fn does_its_work(job_id: &str) -> usize {
    job_id.len()
}

#[job_events(task_type = "part", parent = of)]
async fn does_its_part(job_id: &str, of: &str) -> usize {
    job_id.len() + of.len()
}

#[tokio::test]
async fn what_leaves_no_events_is_said() {
    let log = log();
    let _installed = Publisher::connect("memory:log").unwrap().install();
    assert_eq!(does_its_work("a{b").await, 3);
    log.wait_for(&[
        "ERROR stream_events",
        "a run of `t` leaves no events: the job id \"a{b\" holds '{'",
    ]);
    assert_eq!(does_its_part("a", "b}").await, 3);
    log.wait_for(&[
        "ERROR stream_events",
        "a run of `part` tells no parent: the job id \"b}\" holds '}'",
    ]);
    for _ in 0..3 {
        publish!("nobody's", n = 1);
    }
    log.wait_for(&[
        "WARN stream_events",
        "publish! outside of a job has no effect",
    ]);
    assert_eq!(log.count("publish! outside of a job"), 1);
}

/// Row 35
#[tokio::test]
async fn the_worker_is_not_heard_beside_its_notices() {
    let log = log();
    let redis = TestRedis::start();
    let publisher = Publisher::connect(redis.url()).unwrap();
    let job = publisher.job("job_quiet", "t").unwrap();
    for _ in 0..100 {
        job.progress("at work");
    }
    job.completed(&());
    assert!(publisher.flush(SOON).await.complete);
    let lines = log.text();
    let others = lines.lines().find(|line| !line.contains(" stream_events"));
    assert_eq!(others, None);
}

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
