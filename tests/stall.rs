//! A server, or the network before it, that takes what comes and is long in answering, or never does.
#![allow(clippy::unwrap_used)]

mod rows;

use std::time::{Duration, Instant};

use rows::{emit_rows, flushed, holds};
use serde_json::json;
use stream_events::{Item, Job, Progress, Publisher};
use support::{Commands, Door, Proxy, RawEntry, Rule, TestRedis, Way, seqs};

const IN_TIME: Duration = Duration::from_secs(60);
/// An answer is waited for this long, as is a connection.
const ANSWER: Duration = Duration::from_secs(5);

/// A pause of a server on which an answer is given up once, or twice.
async fn is_waited_for(commands: Commands) {
    let redis = TestRedis::start();
    let proxy = Proxy::to(&redis);
    let publisher = Publisher::connect(proxy.url()).unwrap();
    let job = publisher.job("job_001", "t").unwrap();
    flushed(&publisher).await;
    redis.pause(ANSWER + Duration::from_secs(3), commands);
    let slowest = emit_rows(&job, 100);
    job.completed(&());
    let early = publisher.flush(Duration::from_millis(500)).await;
    assert_eq!((early.complete, early.stats.delivered), (false, 1));
    flushed(&publisher).await;
    holds(&redis, "job_001", 102);
    let connections = proxy.traffic().connections;
    assert!((2..=4).contains(&connections), "{connections} connections");
    assert!(slowest < ANSWER, "{slowest:?}");
}

/// Row 5
#[tokio::test]
async fn a_server_that_is_paused_is_not_stormed_and_takes_each_event_once() {
    tokio::join!(is_waited_for(Commands::Write), is_waited_for(Commands::All));
}

/// Nothing passes any more on the connections that are there.
fn swallow(proxy: &Proxy) {
    for way in [Way::ToServer, Way::ToClient] {
        proxy.rule_old(way, Rule::Swallow);
    }
}

/// Row 6
#[tokio::test]
async fn a_connection_that_swallows_everything_is_left_in_bounded_time() {
    let redis = TestRedis::start();
    let proxy = Proxy::to(&redis);
    let publisher = Publisher::connect(proxy.url()).unwrap();
    let job = publisher.job("job_001", "t").unwrap();
    flushed(&publisher).await;
    for rounds in 1..=2 {
        swallow(&proxy);
        let swallowed = Instant::now();
        emit_rows(&job, 50);
        proxy.wait(|traffic| traffic.connections > rounds);
        let noticed = swallowed.elapsed();
        assert!(noticed < 3 * ANSWER, "{noticed:?}");
        flushed(&publisher).await;
    }
    job.completed(&());
    flushed(&publisher).await;
    holds(&redis, "job_001", 102);
}

/// Row 6, also where connections are taken and nobody is behind them.
#[tokio::test]
async fn connections_that_say_nothing_are_given_up_one_after_the_other() {
    let redis = TestRedis::start();
    let proxy = Proxy::to(&redis);
    proxy.door(Door::Silent);
    let publisher = Publisher::connect(proxy.url()).unwrap();
    let job = publisher.job("job_001", "t").unwrap();
    emit_rows(&job, 10);
    job.completed(&());
    let begun = Instant::now();
    proxy.wait(|traffic| traffic.connections >= 3);
    assert!(begun.elapsed() > ANSWER, "each is waited for");
    assert!(proxy.traffic().open <= 2, "and closed then");
    proxy.door(Door::Open);
    flushed(&publisher).await;
    holds(&redis, "job_001", 12);
}

/// Row 6 for those who read.
#[tokio::test]
async fn a_watch_leaves_a_connection_that_swallows_everything() {
    let redis = TestRedis::start();
    let proxy = Proxy::to(&redis);
    let publisher = Publisher::connect(redis.url()).unwrap();
    let reader = stream_events::Reader::connect(proxy.url()).unwrap();
    let job = publisher.job("job_001", "t").unwrap();
    let mut watch = reader.watch("job_001").unwrap();
    assert!(matches!(watch.next().await, Some(Ok(Item::Event(_)))));
    swallow(&proxy);
    job.completed(&());
    let next = tokio::time::timeout(IN_TIME, watch.next()).await;
    let Some(Ok(Item::Event(end))) = next.expect("the read is given up") else {
        panic!("no event")
    };
    assert_eq!(
        (end.event_type().as_str(), end.seq()),
        ("task_completed", Some(1))
    );
}

/// Row 6 for those who read what there is: the page that was asked for ahead is asked for once there.
#[tokio::test]
async fn a_history_leaves_a_connection_that_swallows_everything_at_once() {
    let redis = TestRedis::start();
    let proxy = Proxy::to(&redis);
    let publisher = Publisher::connect(redis.url()).unwrap();
    let job = publisher.job("job_001", "t").unwrap();
    emit_rows(&job, 500);
    flushed(&publisher).await;
    let reader = stream_events::Reader::connect(proxy.url()).unwrap();
    let mut history = reader.history("job_001").unwrap();
    assert!(history.next().await.unwrap().is_ok());
    swallow(&proxy);
    let swallowed = Instant::now();
    while let Some(event) = history.next().await {
        event.unwrap();
    }
    let time = swallowed.elapsed();
    assert!(time < 2 * ANSWER, "{time:?}");
    assert_eq!(proxy.traffic().connections, 2);
}

/// Emits far more progress than the network bears meanwhile, and then the ends.
fn flood(jobs: &[Job]) {
    for n in 0..5_000 {
        for job in jobs {
            job.progress(Progress::new("at work").current(n).total(5_000));
        }
    }
    jobs.iter().for_each(|job| job.completed(&"done"));
}

/// The first, the newest and the end are there, and what is between stands for all.
fn stands_for_all(redis: &TestRedis, job: usize) {
    let entries = redis.entries(&format!("job_events:job_{job}"));
    assert_eq!(
        seqs(&entries),
        (0..entries.len() as u64).collect::<Vec<_>>()
    );
    let data: Vec<_> = entries.iter().map(RawEntry::data).collect();
    let [_, progress @ .., end] = &data[..] else {
        panic!("{data:?}")
    };
    assert_eq!(end["event_type"], json!("task_completed"));
    let [first, .., last] = progress else {
        panic!("{progress:?}")
    };
    assert_eq!(
        (&first["current"], &last["current"]),
        (&json!(0), &json!(4_999))
    );
    let shown = |data: &serde_json::Value| 1 + data["coalesced"].as_u64().unwrap_or(0);
    assert_eq!(progress.iter().map(shown).sum::<u64>(), 5_000);
}

/// A publisher with a small queue, and five jobs of it.
fn five_jobs(proxy: &Proxy) -> (Publisher, Vec<Job>) {
    let builder = Publisher::builder().url(proxy.url()).queue_bytes(100_000);
    let publisher = builder.connect().unwrap();
    let job = |n| publisher.job(format!("job_{n}"), "t").unwrap();
    let jobs = (0..5).map(job).collect();
    (publisher, jobs)
}

async fn slow(rule: Rule) {
    let redis = TestRedis::start();
    let proxy = Proxy::to(&redis);
    proxy.rule(Way::ToServer, rule.clone());
    let (publisher, jobs) = five_jobs(&proxy);
    flood(&jobs);
    flushed(&publisher).await;
    let stats = publisher.stats();
    assert_eq!(stats.emitted, 25_010);
    assert_eq!(
        (stats.delivered + stats.coalesced, stats.dropped.total()),
        (stats.emitted, 0)
    );
    assert!(stats.coalesced > 20_000, "{rule:?}: {stats:?}");
    (0..5).for_each(|job| stands_for_all(&redis, job));
}

/// Row 10
#[tokio::test]
async fn on_a_slow_network_progress_coalesces_and_ends_arrive() {
    tokio::join!(
        slow(Rule::Delay(Duration::from_millis(200))),
        slow(Rule::Drip(20_000))
    );
}

/// Row 10 where nothing gets through, a byte a second: jobs do not notice, and it is caught up later.
#[tokio::test]
async fn on_a_network_that_drips_jobs_run_on_and_ends_arrive_once_it_flows() {
    let redis = TestRedis::start();
    let proxy = Proxy::to(&redis);
    for way in [Way::ToServer, Way::ToClient] {
        proxy.rule(way, Rule::Drip(1));
    }
    let (publisher, jobs) = five_jobs(&proxy);
    let begun = Instant::now();
    flood(&jobs);
    assert!(begun.elapsed() < ANSWER * 2, "{:?}", begun.elapsed());
    proxy.wait(|traffic| traffic.connections >= 2);
    assert_eq!(publisher.stats().delivered, 0);
    proxy.heal();
    flushed(&publisher).await;
    (0..5).for_each(|job| stands_for_all(&redis, job));
}
