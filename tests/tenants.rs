//! Tenants of one server, each with a prefix and users of its own: none reads or writes what is another's.
#![allow(clippy::unwrap_used)]

mod rows;

use std::time::Duration;

use futures_util::future::join_all;
use rows::{emit_rows, flushed};
use stream_events::{Error, ErrorKind, EventId, JobId, Publisher, Query, Reader};
use support::{TestCluster, TestRedis, cluster_rights, rights};
use tokio::time::timeout;

const SOON: Duration = Duration::from_secs(30);
/// Prefixes that begin alike, and one with what is special in a pattern.
const TENANTS: [&str; 4] = ["a:job_events", "ab:job_events", "b", "a*:job_events"];

/// A user of this tenant, with the documented rights on its keys, and the URL by which it comes.
fn user(redis: &TestRedis, url: &str, name: &str, tenant: usize) -> String {
    let prefix = TENANTS[tenant].replace('*', "\\*");
    let index = match prefix.strip_suffix("events") {
        Some(stem) => format!("{stem}index:"),
        None => format!("{prefix}_index:"),
    };
    let rule = |rule: &str| {
        rule.replace("job_events:", &format!("{prefix}:"))
            .replace("job_index:", &index)
    };
    let rules = [rights(name), cluster_rights(name)].concat();
    let rules: Vec<_> = rules.into_iter().map(rule).collect();
    let user = format!("{name}_{tenant}");
    redis.allow(&user, &format!("reset on >secret {}", rules.join(" ")));
    url.replace("//", &format!("//{user}:secret@"))
}

fn publisher(url: &str, prefix: &str) -> Publisher {
    let publisher = Publisher::builder().url(url).prefix(prefix);
    publisher
        .publish_timeout(Duration::from_secs(3))
        .connect()
        .unwrap()
}

fn keys(redis: &TestRedis) -> Vec<String> {
    let mut keys: Vec<String> = redis::cmd("KEYS")
        .arg("*")
        .query(&mut redis.client())
        .unwrap();
    keys.sort();
    keys
}

/// A job within another.
async fn works(publisher: &Publisher) {
    publisher.job("parent", "t").unwrap().completed(&());
    let parent = JobId::try_from("parent").unwrap();
    let job = publisher
        .job_builder("job_001", "t")
        .unwrap()
        .parent(&parent);
    let job = job.start().unwrap();
    emit_rows(&job, 10);
    job.completed(&());
    flushed(publisher).await;
}

/// Each way to read.
async fn read(reader: &Reader) -> Vec<Result<usize, Error>> {
    let mut history = reader.history("job_001").unwrap();
    let mut watch = reader.watch("job_001").unwrap();
    let mut shared = reader.hub().watch("job_001").unwrap();
    let mut feed = reader.feed().after(EventId::ZERO);
    let mut group = reader.feed_group("g").unwrap().after(EventId::ZERO);
    let state = reader.state("job_001");
    vec![
        history.next().await.unwrap().map(|_| 1),
        timeout(SOON, watch.next())
            .await
            .unwrap()
            .unwrap()
            .map(|_| 1),
        timeout(SOON, shared.next())
            .await
            .unwrap()
            .unwrap()
            .map(|_| 1),
        timeout(SOON, feed.next())
            .await
            .unwrap()
            .unwrap()
            .map(|_| 1),
        timeout(SOON, group.next())
            .await
            .unwrap()
            .unwrap()
            .map(|_| 1),
        state.await.map(|state| state.unwrap().runs as usize),
        reader
            .state("parent")
            .await
            .map(|state| state.unwrap().children.len()),
        reader
            .jobs(Query::default())
            .page()
            .await
            .map(|page| page.jobs.len()),
    ]
}

#[tokio::test]
async fn the_users_of_a_tenant_reach_its_keys_and_nobody_elses() {
    let redis = TestRedis::start();
    are_apart(&redis, &redis.url()).await;
}

/// Where the index is in pieces.
#[tokio::test]
async fn in_a_cluster_the_users_of_a_tenant_reach_its_keys_and_nobody_elses() {
    let cluster = TestCluster::start(1, 0);
    are_apart(cluster.server(0), &cluster.url()).await;
}

async fn are_apart(redis: &TestRedis, url: &str) {
    let urls = |name| [0, 1, 2, 3].map(|tenant| user(redis, url, name, tenant));
    let (publishers, readers) = (urls("publisher"), urls("reader"));
    for (url, prefix) in publishers.iter().zip(TENANTS) {
        works(&publisher(url, prefix)).await;
    }
    let written = keys(redis);
    // The feeds of two jobs may be two.
    let each = written.len() / TENANTS.len();
    assert!((4..=5).contains(&each), "{written:?}");
    for (tenant, url) in readers.iter().enumerate() {
        for (other, prefix) in TENANTS.into_iter().enumerate() {
            let reader = Reader::connect(url).unwrap().with_prefix(prefix).unwrap();
            for (way, read) in read(&reader).await.into_iter().enumerate() {
                let refused = read.as_ref().err().map(Error::kind);
                let expected = (tenant != other).then_some(ErrorKind::Rejected);
                assert_eq!(refused, expected, "{tenant} {other} {way} {read:?}");
                assert!(
                    read.is_err() || read.is_ok_and(|found| found > 0),
                    "{tenant} {way}"
                );
            }
        }
    }
    let of = |key: &str| redis.entries(key).len();
    let before: Vec<_> = written.iter().map(|key| of(key)).collect();
    let pairs =
        (0..TENANTS.len()).flat_map(|one| (0..TENANTS.len()).map(move |other| (one, other)));
    let others = pairs.filter(|(tenant, other)| tenant != other);
    let refused = others.map(async |(tenant, other)| {
        let publisher = publisher(&publishers[tenant], TENANTS[other]);
        let published = publisher.publish_task_started("job_001", "t", &()).await;
        let error = published.unwrap_err();
        assert!(error.to_string().contains("(NOPERM "), "{error}");
    });
    join_all(refused).await;
    assert_eq!(keys(redis), written);
    assert_eq!(
        written.iter().map(|key| of(key)).collect::<Vec<_>>(),
        before
    );
}
