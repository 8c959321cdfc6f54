//! A cluster one of whose servers is away, and no replica takes over: what the others have goes on meanwhile.
#![allow(clippy::unwrap_used)]

mod apart;
mod rows;

use std::time::{Duration, Instant};

use apart::start_in_parts;
use rows::flushed;
use serde_json::json;
use stream_events::{ErrorKind, Event, EventId, FeedItem, Publisher, Query, Reader, Status};
use support::{Log, TestCluster, feed_of};
use tokio::time::timeout;

const LONG: Duration = Duration::from_secs(60);
const KEY: &str = "job_events:job_001";

/// Row 17b: nothing of theirs is known by a server that is away, and no list of jobs is made without them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_a_server_is_away_what_the_others_have_is_read_and_lists_of_jobs_say_so() {
    // What was acknowledged is there when it comes back.
    let parts = "--cluster-require-full-coverage no --appendonly yes --appendfsync always";
    let parts: Vec<_> = parts.split(' ').collect();
    let mut cluster = TestCluster::with(3, 0, &parts);
    let publisher = Publisher::connect(cluster.url()).unwrap();
    let away = cluster.owner(KEY);
    let jobs: Vec<_> = (0..).map(|n| format!("there_{n}")).take(60).collect();
    let elsewhere = |job: &&String| {
        let stream = cluster.owner(&format!("job_events:{job}"));
        // Its lease is there, too.
        let index = cluster.owner(&feed_of(cluster.shard(job)));
        [stream, index].iter().all(|owner| *owner != away)
    };
    let there = jobs.iter().find(elsewhere).unwrap().clone();
    publisher.job("job_001", "t").unwrap().completed(&());
    flushed(&publisher).await;
    let reader = Reader::connect(cluster.reader_url()).unwrap();
    let mut feed = reader.feed();
    let mut group = reader.feed_group("fleet").unwrap().after(EventId::ZERO);
    cluster.kill(away);

    publisher.job(&*there, "t").unwrap().completed(&());
    flushed(&publisher).await;
    let is_there = |event: &Event| event.job_id().is_some_and(|id| id.as_str() == there);
    let early = timeout(LONG, async {
        while !is_there(group.next().await.unwrap().unwrap().event()) {}
    });
    early.await.expect("the group has it");
    let told = async {
        loop {
            // The first one may be there before the feed has begun.
            publisher.job(&*there, "t").unwrap().completed(&());
            flushed(&publisher).await;
            if let Ok(item) = timeout(Duration::from_millis(200), feed.next()).await {
                return item.unwrap().unwrap();
            }
        }
    };
    let item = timeout(LONG, told).await.expect("the feed has it");
    assert!(matches!(item, FeedItem::Event(_)), "{item:?}");
    assert_eq!(
        reader.state(&*there).await.unwrap().unwrap().status,
        Status::Completed
    );
    let kinds = [
        reader.state("job_001").await.unwrap_err().kind(),
        reader.stream_length("job_001").await.unwrap_err().kind(),
        reader
            .jobs(Query::default())
            .page()
            .await
            .unwrap_err()
            .kind(),
    ];
    assert_eq!(kinds, [ErrorKind::Unavailable; 3]);
    let mut history = reader.history("job_001").unwrap();
    let refused = history.next().await.unwrap().unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Unavailable, "{refused}");

    cluster.restart(away);
    cluster.wait_until_ok();
    let page = async {
        loop {
            if let Ok(page) = reader.jobs(Query::default()).page().await {
                return page.jobs.len();
            }
        }
    };
    assert_eq!(timeout(LONG, page).await, Ok(2));
    assert_eq!(reader.stream_length("job_001").await.unwrap(), 2);
}

/// Row 17b: of those that are there, nobody opens another connection for it.
#[tokio::test(flavor = "multi_thread")]
async fn while_a_server_is_away_who_asks_the_others_keeps_the_connection() {
    let mut cluster = start_in_parts();
    let away = cluster.owner(KEY);
    let is_there = |job: &String| cluster.owner(&format!("job_events:{job}")) != away;
    let there = (0..).map(|n| format!("there_{n}")).find(is_there).unwrap();
    let server = cluster.owner(&format!("job_events:{there}"));
    let reader = Reader::connect(cluster.reader_url()).unwrap();
    assert_eq!(reader.stream_length(&*there).await.unwrap(), 0);
    cluster.kill(away);
    // Those connections that have asked this last.
    let connections = || -> Vec<String> {
        let mut list = redis::cmd("CLIENT");
        let mut client = cluster.server(server).client();
        let list: String = list.arg("LIST").query(&mut client).unwrap();
        let asked = list.lines().filter(|client| client.contains("cmd=xinfo"));
        let id = |client: &str| client.split(' ').next().unwrap().to_owned();
        asked.map(id).collect()
    };
    let before = connections();
    assert_eq!(before.len(), 1, "{before:?}");
    for _ in 0..5 {
        let error = reader.stream_length("job_001").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        assert_eq!(reader.stream_length(&*there).await.unwrap(), 0);
    }
    assert_eq!(connections(), before);
}

/// What is said of it by one event would else be taken back by the next, for as long as it is away.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn that_a_server_is_away_is_said_once_although_the_others_take_events() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt().with_ansi(false);
    subscriber.with_writer(log.writer()).init();
    let mut cluster = start_in_parts();
    let publisher = Publisher::connect(cluster.url()).unwrap();
    let away = cluster.owner(KEY);
    let is_there = |job: &String| cluster.owner(&format!("job_events:{job}")) != away;
    let there = (0..).map(|n| format!("there_{n}")).find(is_there).unwrap();
    let stuck = publisher.job("job_001", "t").unwrap();
    flushed(&publisher).await;
    cluster.kill(away);
    stuck.completed(&());
    let store = publisher.store().to_owned();
    log.wait_for(&[&store, "takes no events"]);
    // It is tried again several times, and others are taken in between.
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(3) {
        let mark = json!({"event_type": "mark"});
        publisher.publish_event(&*there, &mark).await.unwrap();
    }
    let said = |what: &str| log.count(&format!("{store} {what}"));
    assert_eq!(
        (said("takes no events"), said("takes events again")),
        (1, 0)
    );
    cluster.restart(away);
    flushed(&publisher).await;
    log.wait_for(&[&store, "takes events again"]);
    assert_eq!(
        (said("takes no events"), said("takes events again")),
        (1, 1)
    );
}
