//! Who follows and lists the jobs of a cluster, whose index is on all of its servers.
#![allow(clippy::unwrap_used)]

mod apart;

use std::collections::BTreeSet;
use std::time::Duration;

use apart::{SOON, start_in_parts};
use futures_util::{StreamExt, poll};
use stream_events::{
    ErrorKind, Event, EventId, Feed, FeedGroup, FeedItem, FeedPlace, Publisher, Reader,
};
use support::{TestCluster, feed_of, wait_until};
use tokio::runtime::Builder;
use tokio::task::yield_now;
use tokio::time::timeout;

const LONG: Duration = Duration::from_secs(60);

async fn next(feed: &mut Feed, within: Duration) -> Event {
    match timeout(within, feed.next()).await.unwrap() {
        Some(Ok(FeedItem::Event(event))) => event,
        other => panic!("{other:?}"),
    }
}

async fn taken(group: &mut FeedGroup, within: Duration) -> String {
    let assigned = timeout(within, group.next()).await.unwrap();
    let assigned = assigned.unwrap().unwrap();
    // A server that has just come back is found to be there within a second.
    let acked = async {
        while let Err(error) = assigned.ack().await {
            assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(within, acked).await.unwrap();
    said(assigned.event())
}

fn said(event: &Event) -> String {
    format!("{} {}", event.job_id().unwrap(), event.event_type())
}

/// Jobs that start one after the other, and all that is said of them.
async fn filled(publisher: &Publisher, count: usize) -> (Vec<String>, BTreeSet<String>) {
    let ids: Vec<_> = (0..count).map(|n| format!("job_{n}")).collect();
    for id in &ids {
        publisher.job(&**id, "t").unwrap().completed(&());
        assert!(publisher.flush(LONG).await.complete);
    }
    let kinds = ["task_started", "task_completed"];
    let all = ids
        .iter()
        .flat_map(|id| kinds.map(|kind| format!("{id} {kind}")));
    (ids.clone(), all.collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn all_jobs_are_followed_shared_and_listed_over_all_servers() {
    let cluster = TestCluster::start(3, 0);
    let publisher = Publisher::connect(cluster.url()).unwrap();
    let (ids, all) = filled(&publisher, 40).await;
    let reader = Reader::connect(cluster.reader_url()).unwrap();

    let mut feed = reader.feed().after(EventId::ZERO);
    let (mut given, mut half) = (Vec::new(), None::<FeedPlace>);
    for nth in 0..all.len() {
        given.push(said(&next(&mut feed, LONG).await));
        if nth == 29 {
            half = feed.place();
        }
    }
    assert_eq!(given.iter().cloned().collect::<BTreeSet<_>>(), all);
    for id in &ids {
        let at = |kind| {
            given
                .iter()
                .position(|said| *said == format!("{id} {kind}"))
        };
        assert!(at("task_started") < at("task_completed"));
    }
    let half: FeedPlace = half.unwrap().to_string().parse().unwrap();
    let rest = reader.feed().after(half).take(all.len() - 30);
    let rest: Vec<_> = timeout(LONG, rest.collect::<Vec<_>>()).await.unwrap();
    let rest = rest.into_iter().map(|item| match item.unwrap() {
        FeedItem::Event(event) => said(&event),
        other => panic!("{other}"),
    });
    assert_eq!(
        rest.collect::<BTreeSet<_>>(),
        given[30..].iter().cloned().collect()
    );

    let group = || reader.feed_group("g").unwrap().after(EventId::ZERO);
    let mut members = [group(), group()];
    let mut shared = Vec::new();
    while shared.len() < all.len() {
        for member in &mut members {
            shared.push(taken(member, LONG).await);
        }
    }
    shared.sort();
    assert_eq!(shared, all.into_iter().collect::<Vec<_>>(), "each once");

    let (mut listed, mut after) = (Vec::new(), None::<String>);
    loop {
        let jobs = reader.jobs("".parse().unwrap()).limit(7);
        let jobs = match &after {
            Some(after) => jobs.after(after).unwrap(),
            None => jobs,
        };
        let page = jobs.page().await.unwrap();
        listed.extend(page.jobs.into_iter().map(|job| job.job_id));
        match page.next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    assert_eq!(listed.len(), ids.len());
    // By the servers' clocks, and when each was told.
    for (nth, id) in ids.iter().rev().enumerate() {
        let near = &listed[nth.saturating_sub(3)..(nth + 4).min(ids.len())];
        assert!(near.contains(id), "{listed:?}");
    }
}

/// A start that the index is told of in this shard, which that server has.
fn tell(cluster: &TestCluster, (shard, owner): (usize, usize), job: &str) {
    let key = feed_of(shard);
    let data = format!(r#"{{"job_id":"{job}_{shard}","run":"{job}"}}"#);
    let add = [
        "XADD",
        &key,
        "*",
        "data",
        &data,
        "event_type",
        "task_started",
    ];
    cluster.on(owner, &add);
}

/// What both are given, which is the same, when this was told.
async fn given(
    feed: &mut Feed,
    group: &mut FeedGroup,
    count: usize,
    within: Duration,
) -> BTreeSet<String> {
    let (mut followed, mut shared) = (BTreeSet::new(), BTreeSet::new());
    for _ in 0..count {
        followed.insert(said(&next(feed, within).await));
        shared.insert(taken(group, within).await);
    }
    assert_eq!(followed, shared);
    followed
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_silent_holds_up_what_it_has_and_nothing_else() {
    let cluster = start_in_parts();
    let reader = Reader::connect(cluster.reader_url()).unwrap();
    let mut feed = reader.feed().after(EventId::ZERO);
    let mut group = reader.feed_group("g").unwrap().after(EventId::ZERO);
    let owner = |shard: usize| cluster.owner(&feed_of(shard));
    let owners: Vec<_> = (0..16).map(|shard| (shard, owner(shard))).collect();
    let told = |shards: &[(usize, usize)], job: &str| {
        shards.iter().for_each(|it| tell(&cluster, *it, job));
        let said = |(shard, _): &_| format!("{job}_{shard} task_started");
        shards.iter().map(said).collect::<BTreeSet<_>>()
    };
    let all = told(&owners, "before");
    assert_eq!(given(&mut feed, &mut group, 16, LONG).await, all);
    let frozen = owners[0].1;
    let (silent, others): (Vec<_>, Vec<_>) = owners.iter().partition(|it| it.1 == frozen);
    cluster.server(frozen).freeze();
    for round in ["a", "b", "c"] {
        let expected = told(&others, round);
        let given = given(&mut feed, &mut group, others.len(), SOON).await;
        assert_eq!(given, expected);
    }
    let listed = reader.jobs("".parse().unwrap()).page().await;
    assert_eq!(listed.unwrap_err().kind(), ErrorKind::Unavailable);
    cluster.server(frozen).thaw();
    cluster.wait_until_ok();
    let expected = told(&silent, "after");
    let given = given(&mut feed, &mut group, silent.len(), LONG).await;
    assert_eq!(given, expected);
}

/// Each watch has connections of its own.
#[tokio::test(flavor = "multi_thread")]
async fn connections_that_nobody_needs_any_more_are_closed() {
    let cluster = TestCluster::start(2, 0);
    let publisher = Publisher::connect(cluster.url()).unwrap();
    let jobs: Vec<_> = (0..4)
        .map(|n| publisher.job(format!("job_{n}"), "t").unwrap())
        .collect();
    let reader = Reader::connect(cluster.reader_url()).unwrap();
    let watched = async || {
        for job in &jobs {
            let mut watch = reader.watch(job.id().clone()).unwrap();
            timeout(LONG, watch.next()).await.unwrap().unwrap().unwrap();
        }
    };
    let connected = || {
        let of_one = |n| cluster.server(n).info("clients", "connected_clients");
        (0..2)
            .map(|n| of_one(n).parse::<u64>().unwrap())
            .sum::<u64>()
    };
    watched().await;
    let most = connected();
    for _ in 0..5 {
        watched().await;
    }
    wait_until("no more are there than after the first watches", || {
        connected() <= most
    });
}

/// Neither one that nobody polls any more, nor one of a runtime that stands still.
#[test]
fn who_asks_and_then_does_nothing_holds_up_nobody() {
    let cluster = TestCluster::start(1, 0);
    let runtime = || Builder::new_current_thread().enable_all().build().unwrap();
    let reader = Reader::connect(cluster.reader_url()).unwrap();
    let stands_still = runtime();
    let mut first = Box::pin(reader.stream_length("job_0"));
    let mut begin = async || {
        assert!(poll!(&mut first).is_pending());
        yield_now().await;
    };
    stands_still.block_on(begin());
    let asked = async || timeout(LONG, reader.stream_length("job_1")).await;
    assert_eq!(runtime().block_on(asked()).unwrap().unwrap(), 0);

    let reader = Reader::connect(cluster.reader_url()).unwrap();
    runtime().block_on(async {
        let mut first = Box::pin(reader.stream_length("job_0"));
        assert!(poll!(&mut first).is_pending());
        let asked = timeout(SOON, reader.stream_length("job_1")).await;
        assert_eq!(asked.unwrap().unwrap(), 0);
    });
}
