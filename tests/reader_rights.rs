//! A reader with the rights that the documentation gives it, and with one less: all that can be done
//! without it is done, and what is missing is said once, by name.
#![allow(clippy::unwrap_used)]

mod allowed;
mod rows;

use std::time::Duration;

use allowed::{add, becomes_so, is_asked, listen, needs, part, refused, said_by_child, user};
use redis::Connection;
use rows::flushed;
use serde_json::json;
use stream_events::{Error, ErrorKind, EventId, Item, Publisher, Query, Reader, Status, Watch};
use support::{TestRedis, scenario};
use tokio::time::{sleep, timeout};

const SOON: Duration = Duration::from_secs(30);

async fn next(watch: &mut Watch) -> Option<Item> {
    let item = timeout(SOON, watch.next()).await.expect("it goes on");
    item.map(Result::unwrap)
}

/// A child's part: all that a reader does.
async fn reads(url: &str, raw: &mut Connection, without: &str) {
    let log = listen();
    let reader = Reader::connect(url)
        .unwrap()
        .with_grace(Duration::from_millis(100));
    let mut live = reader.watch("job_live").unwrap();
    next(&mut live).await;
    let mut shared = reader.hub().watch("job_live").unwrap();
    next(&mut shared).await;
    let looks = async {
        becomes_so("its lease is looked at", || match without {
            "time" | "zscore" => log.count("a watch cannot end runs") == 1,
            _ => is_asked(raw, "zscore") && is_asked(raw, "time"),
        })
        .await;
        let end = json!({"event_type": "task_completed", "run": "r", "seq": 1});
        add(raw, "job_events:job_live", "*", end);
    };
    let (live_item, shared_item, ()) = tokio::join!(next(&mut live), next(&mut shared), looks);
    assert!(live_item.is_some() && shared_item.is_some());
    assert!(next(&mut live).await.is_none() && next(&mut shared).await.is_none());
    let first = reader
        .history("job_001")
        .unwrap()
        .next()
        .await
        .unwrap()
        .unwrap();
    let mut rest = reader.watch("job_001").unwrap().after(first.id());
    assert!(next(&mut rest).await.is_some() && next(&mut rest).await.is_none());
    let state = reader.state("job_001").await.unwrap();
    assert_eq!(state.unwrap().status, Status::Completed);
    assert_eq!(reader.stream_length("job_001").await.unwrap(), 2);
    let page = reader.jobs(Query::default()).page().await.unwrap();
    assert!(
        page.jobs.iter().any(|job| job.job_id == "job_001"),
        "{page:?}"
    );
    let mut feed = reader.feed().after(EventId::ZERO);
    timeout(SOON, feed.next()).await.unwrap().unwrap().unwrap();
    let mut group = reader
        .feed_group("g")
        .unwrap()
        .after(EventId::ZERO)
        .member("m")
        .unwrap();
    let assigned = timeout(SOON, group.next()).await.unwrap().unwrap().unwrap();
    assigned.ack().await.unwrap();
    println!("{}", log.text());
}

#[tokio::test]
async fn a_reader_needs_the_rights_that_are_documented_and_says_which_it_lacks() {
    const TEST: &str = "a_reader_needs_the_rights_that_are_documented_and_says_which_it_lacks";
    if let Some(scenario) = scenario() {
        let (url, mut raw, without) = part(&scenario);
        return reads(url, &mut raw, without).await;
    }
    for (without, so) in [
        ("nothing", ""),
        (
            "client|tracking",
            "does not tell a hub what changes, which asks all the time instead (",
        ),
        ("zscore", "a watch cannot end runs whose process is gone"),
        ("time", "a watch cannot end runs whose process is gone"),
        ("xinfo|consumers", ""),
        ("xgroup|delconsumer", ""),
    ] {
        let redis = TestRedis::start();
        let publisher = Publisher::connect(redis.url()).unwrap();
        publisher.job("job_001", "t").unwrap().completed(&());
        flushed(&publisher).await;
        let mut raw = redis.client();
        let start = json!({"event_type": "task_started", "run": "r", "seq": 0});
        add(&mut raw, "job_events:job_live", "*", start);
        let mut lease = redis::cmd("ZADD");
        lease
            .arg("job_index:active")
            .arg(1_000_000_000_000_000_u64)
            .arg("r:job_live");
        lease.exec(&mut raw).unwrap();
        let said = said_by_child(TEST, &redis, "reader", without);
        assert_eq!(
            said.matches(so).count() == 1,
            !so.is_empty(),
            "{without}: {said}"
        );
        // Before Redis 7.0, of a subcommand the command is named.
        let command = without.split('|').next().unwrap_or_default();
        let names = [without, command].map(|name| said.matches(&format!("'{name}'")).count());
        let names = names[0].max(names[1]);
        assert_eq!(names, usize::from(!so.is_empty()), "{without}: {said}");
        if without == "nothing" {
            assert!(!said.contains("WARN"), "{said}");
            assert_eq!(refused(&redis), [""; 0]);
            // What takes a day, and what a hub asks of many that are quiet for a while.
            needs(&redis, "reader", &["xgroup|delconsumer", "exists"]);
        }
    }
}

/// What each way to read comes to, by its name, while jobs come and go.
async fn each_way(reader: &Reader, name: &str) -> Vec<(&'static str, Result<(), Error>)> {
    let first = async |mut watch: Watch| {
        let item = timeout(SOON, watch.next())
            .await
            .expect("it says something");
        item.expect("there is something").map(drop)
    };
    let id = EventId::new(1, 1);
    let watch = || reader.watch("job_001").unwrap();
    let shared = || reader.hub().watch("job_001").unwrap();
    let mut feed = reader.feed();
    let fed = async {
        // What comes before it waits is there without a wait.
        for _ in 0..5 {
            timeout(SOON, feed.next()).await.unwrap().unwrap()?;
        }
        Ok(())
    };
    let mut group = reader.feed_group(name).unwrap().after(EventId::ZERO);
    let assigned = async {
        let assigned = timeout(SOON, group.next()).await.unwrap().unwrap()?;
        assigned.ack().await
    };
    let history = reader.history("job_001").unwrap().next().await.unwrap();
    vec![
        ("history", history.map(drop)),
        ("watch", first(watch()).await),
        ("watch after", first(watch().after(id)).await),
        ("hub", first(shared()).await),
        ("hub after", first(shared().after(id)).await),
        ("state", reader.state("job_001").await.map(drop)),
        ("stream_info", reader.stream_info("job_001").await.map(drop)),
        ("jobs", reader.jobs(Query::default()).page().await.map(drop)),
        ("feed", fed.await),
        ("feed_group", assigned.await),
    ]
}

/// Jobs, one after the other, for as long as somebody asks.
async fn come_and_go(publisher: Publisher) {
    for n in 2.. {
        let job = publisher.job(format!("job_{n}"), "t").unwrap();
        job.completed(&());
        flushed(&publisher).await;
        sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn what_a_reader_may_not_do_is_refused_by_name_and_all_else_is_done() {
    let redis = TestRedis::start();
    let publisher = Publisher::connect(redis.url()).unwrap();
    publisher.job("job_001", "t").unwrap().completed(&());
    flushed(&publisher).await;
    let jobs = tokio::spawn(come_and_go(publisher));
    for (without, expected) in [
        ("nothing", ""),
        ("xread", "watch, watch after, feed"),
        ("xrange", "history, hub, hub after, state, jobs, feed"),
        (
            "xrevrange",
            "watch after, hub after, jobs, feed, feed_group",
        ),
        ("xinfo|stream", "stream_info, feed"),
        ("zrevrange", "jobs"),
        ("zscore", ""),
        ("time", ""),
        ("zmscore", ""),
        ("exists", ""),
        ("client|tracking", ""),
        ("xgroup|create", "feed_group"),
        ("xreadgroup", "feed_group"),
        ("xack", "feed_group"),
        ("xautoclaim", "feed_group"),
        ("xinfo|consumers", ""),
        ("xgroup|delconsumer", ""),
    ] {
        let reader = Reader::connect(user(&redis, "reader", without)).unwrap();
        let ways = each_way(&reader, without).await.into_iter();
        let refused = ways.filter_map(|(way, read)| Some((way, read.err()?)));
        let refused: Vec<_> = refused.collect();
        // Servers before 7.0 name no subcommands.
        let name = without.split('|').next().unwrap();
        for (way, error) in &refused {
            let is_named = error.to_string().contains(&format!("'{name}"));
            assert!(is_named, "{without}: {way}: {error}");
            assert_eq!(error.kind(), ErrorKind::Rejected, "{without}: {way}");
        }
        let refused: Vec<_> = refused.into_iter().map(|(way, _)| way).collect();
        assert_eq!(refused.join(", "), expected, "{without}");
    }
    jobs.abort();

    // That there is one is waited for.
    let empty = TestRedis::start();
    let reader = Reader::connect(user(&empty, "reader", "xread")).unwrap();
    let early = timeout(SOON, reader.feed_group("g").unwrap().next()).await;
    let refused = early.unwrap().unwrap().unwrap_err();
    assert!(refused.to_string().contains("'xread'"), "{refused}");
}
