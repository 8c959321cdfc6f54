//! The index of a cluster: where it has each job, and what of it is away holds up none of the rest.
#![allow(clippy::unwrap_used)]

mod apart;
mod rows;

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use apart::{SOON, start_in_parts};
use futures_util::future::join_all;
use rows::flushed;
use serde_json::json;
use stream_events::{ErrorKind, Item, Job, Publisher, Reader};
use support::{RawEntry, SHARDS, TestCluster, feed_of, kinds, wait_until};

const LONG: Duration = Duration::from_secs(60);
const SHORT: Duration = Duration::from_millis(300);

/// The key of the index where a job is.
fn shard(cluster: &TestCluster, name: &str, job: &str) -> String {
    let tag = SHARDS[cluster.shard(job)];
    format!("job_index:{name}:{{{tag}}}")
}

/// The lifecycle of a job as the feed of its shard has it.
fn told(mut feed: Vec<RawEntry>, job: &str) -> Vec<String> {
    feed.retain(|entry| entry.data()["job_id"] == job);
    kinds(&feed)
}

fn is_leased(cluster: &TestCluster, job: &str) -> bool {
    let key = shard(cluster, "active", job);
    let members: Vec<String> = cluster.ask(&key, &["ZRANGE", &key, "0", "-1"]);
    members
        .iter()
        .any(|member| member.ends_with(&format!(":{job}")))
}

#[tokio::test(flavor = "multi_thread")]
async fn each_job_is_in_one_shard_of_the_index_and_those_are_on_all_servers() {
    let cluster = TestCluster::start(3, 0);
    let publisher = Publisher::connect(cluster.url()).unwrap();
    let ids: Vec<_> = (0..60).map(|n| format!("job_{n}")).collect();
    let begin = |id: &String| publisher.job(&**id, "t").unwrap();
    let jobs: Vec<Job> = ids.iter().map(begin).collect();
    flushed(&publisher).await;
    for id in &ids {
        assert!(is_leased(&cluster, id), "{id}");
    }
    jobs.iter().for_each(|job| job.completed(&()));
    flushed(&publisher).await;
    let mut shards = BTreeSet::new();
    for job in &ids {
        let key = shard(&cluster, "feed", job);
        let told = told(cluster.entries(&key), job);
        assert_eq!(told, ["task_started", "task_completed"]);
        assert!(!is_leased(&cluster, job), "{job}");
        shards.insert(key);
    }
    let servers: BTreeSet<_> = shards.iter().map(|key| cluster.owner(key)).collect();
    assert_eq!((shards.len(), servers.len()), (16, 3));
    let entries = shards.iter().map(|key| cluster.entries(key).len());
    assert_eq!(entries.sum::<usize>(), 120, "nothing twice");
    assert_eq!(cluster.entries("job_index:feed").len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn while_one_server_is_away_jobs_go_on_without_its_part_of_the_index_and_it_has_that_afterwards()
 {
    let cluster = start_in_parts();
    let publisher = Publisher::connect(cluster.url()).unwrap();
    flushed(&publisher).await;
    let frozen = cluster.owner(&feed_of(0));
    // Their streams are elsewhere, and the index of some of them is not.
    let jobs = (0..).map(|n| format!("job_{n}"));
    let jobs = jobs.filter(|job| cluster.owner(&format!("job_events:{job}")) != frozen);
    let jobs: Vec<_> = jobs.take(60).collect();
    let owned = |name, job: &String| {
        let key = shard(&cluster, name, job);
        let owner = cluster.owner(&key);
        (key, owner)
    };
    let [feeds, leases] = ["feed", "active"].map(|name| {
        let owned = jobs.iter().map(|job| (job, owned(name, job)));
        owned.collect::<BTreeMap<_, _>>()
    });
    for owned in [&feeds, &leases] {
        assert!(owned.values().any(|(_, owner)| *owner == frozen));
    }
    cluster.server(frozen).freeze();
    let mut slowest = Duration::ZERO;
    let (mut at_work, mut done) = (Vec::new(), Vec::new());
    for (nth, id) in jobs.iter().enumerate() {
        let before = Instant::now();
        let job = publisher.job(&**id, "t").unwrap();
        let mark = json!({"event_type": "mark"});
        publisher.publish_event(&**id, &mark).await.unwrap();
        slowest = slowest.max(before.elapsed());
        match nth % 2 {
            0 => at_work.push(job),
            _ => {
                job.completed(&());
                done.push(id);
            }
        }
    }
    assert!(slowest < SOON, "{slowest:?}");
    for (job, (key, owner)) in feeds.iter().filter(|(_, (_, owner))| *owner != frozen) {
        let feed = || cluster.server(*owner).entries(key);
        wait_until("its feed has the job", || !told(feed(), job).is_empty());
    }
    cluster.server(frozen).thaw();
    cluster.wait_until_ok();
    for job in &jobs {
        let mut expected = vec!["task_started"];
        if done.contains(&job) {
            expected.push("task_completed");
        }
        // What may have arrived is told again, and is there twice then.
        cluster.wait("the feed has the job", |cluster| {
            let mut told = told(cluster.entries(&shard(cluster, "feed", job)), job);
            told.dedup();
            told == expected
        });
        cluster.wait("its lease is as it is", |cluster| {
            is_leased(cluster, job) != done.contains(&job)
        });
    }
    drop(at_work);
}

/// Leaves runs as a process that is gone does.
fn abandon(cluster: &TestCluster, jobs: &[String]) {
    for job in jobs {
        let key = format!("job_events:{job}");
        let data = json!({"run": "r1", "seq": 0, "job_id": job}).to_string();
        let start = [
            "XADD",
            &key,
            "*",
            "event_type",
            "task_started",
            "data",
            &data,
        ];
        let _: String = cluster.ask(&key, &start);
        let leases = shard(cluster, "active", job);
        let _: i64 = cluster.ask(&leases, &["ZADD", &leases, "1000", &format!("r1:{job}")]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_leases_of_some_cannot_be_seen_the_others_are_declared_lost() {
    let cluster = start_in_parts();
    let jobs: Vec<_> = (0..60).map(|n| format!("job_{n}")).collect();
    abandon(&cluster, &jobs);
    let frozen = cluster.owner(&feed_of(0));
    let is_free = |job: &String| {
        let keys = [format!("job_events:{job}"), shard(&cluster, "active", job)];
        keys.iter().all(|key| cluster.owner(key) != frozen)
    };
    let free: BTreeSet<_> = jobs.iter().filter(|job| is_free(job)).cloned().collect();
    assert!(free.len() > 10 && free.len() < jobs.len());
    let mut reaper = Reader::connect(cluster.url())
        .unwrap()
        .with_grace(SHORT)
        .reaper();
    assert_eq!(reaper.reap().await.unwrap(), []);
    cluster.server(frozen).freeze();
    let (mut lost, mut faults) = (BTreeMap::new(), 0);
    let began = Instant::now();
    while lost.len() < free.len() || faults == 0 {
        assert!(began.elapsed() < LONG, "{lost:?}");
        match reaper.reap().await {
            Ok(found) => {
                for lost_run in found {
                    *lost.entry(lost_run.job_id.to_string()).or_insert(0) += 1;
                }
            }
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
                faults += 1;
            }
        }
    }
    assert_eq!(lost.keys().cloned().collect::<BTreeSet<_>>(), free);
    cluster.server(frozen).thaw();
    cluster.wait_until_ok();
    while lost.len() < jobs.len() {
        assert!(began.elapsed() < LONG, "{lost:?}");
        for lost_run in reaper.reap().await.unwrap_or_default() {
            *lost.entry(lost_run.job_id.to_string()).or_insert(0) += 1;
        }
    }
    for job in &jobs {
        let events = kinds(&cluster.entries(&format!("job_events:{job}")));
        assert_eq!(events, ["task_started", "task_failed: lost"], "{job}");
        assert_eq!(lost[job], 1, "{job}");
        assert!(!is_leased(&cluster, job));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn watches_look_for_a_lease_in_the_shard_of_their_job() {
    let cluster = TestCluster::start(3, 0);
    let jobs: Vec<_> = (0..8).map(|n| format!("job_{n}")).collect();
    abandon(&cluster, &jobs);
    let reader = Reader::connect(cluster.url()).unwrap().with_grace(SHORT);
    let hub = reader.hub();
    let lost = jobs.iter().enumerate().map(async |(nth, job)| {
        // On a connection of its own, and on one with others.
        let mut watch = match nth % 2 {
            0 => reader.watch(&**job).unwrap(),
            _ => hub.watch(&**job).unwrap(),
        };
        while let Some(item) = watch.next().await {
            if matches!(&item.unwrap(), Item::Event(event) if event.is_lost()) {
                return true;
            }
        }
        false
    });
    let lost = tokio::time::timeout(LONG, join_all(lost)).await;
    assert_eq!(lost, Ok(vec![true; jobs.len()]));
}

/// What was seen of a lease counts while its server answers: a process that lives could not renew it either.
#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_not_lost_because_the_server_of_its_lease_was_away() {
    let grace = Duration::from_secs(2);
    let parts = [
        "--cluster-require-full-coverage",
        "no",
        "--appendonly",
        "yes",
    ];
    let mut cluster = TestCluster::with(3, 0, &parts);
    let stream = |job: &str| cluster.owner(&format!("job_events:{job}"));
    let leases = |job: &str| cluster.owner(&shard(&cluster, "active", job));
    let is_apart = |job: &String| stream(job) != leases(job);
    let job = (0..).map(|n| format!("job_{n}")).find(is_apart).unwrap();
    let away = leases(&job);
    abandon(&cluster, std::slice::from_ref(&job));
    let reader = Reader::connect(cluster.url()).unwrap().with_grace(grace);
    let mut watch = reader.watch(&*job).unwrap();
    assert!(matches!(watch.next().await, Some(Ok(Item::Event(_)))));
    let lost = tokio::spawn(async move { (watch.next().await, Instant::now()) });
    wait_until("it is seen to have run out", || {
        cluster.server(away).calls("zscore") > 0
    });
    cluster.kill(away);
    tokio::time::sleep(grace).await;
    let back = Instant::now();
    cluster.restart(away);
    let (item, told) = tokio::time::timeout(LONG, lost).await.unwrap().unwrap();
    assert!(matches!(item, Some(Ok(Item::Event(event))) if event.is_lost()));
    let since = told - back;
    assert!(since > grace, "{since:?}");
}
