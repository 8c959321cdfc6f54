//! A reader with the rights that the documentation gives it, and with one less: all that can be done
//! without it is done, and what is missing is said once, by name.
#![allow(clippy::unwrap_used)]

mod allowed;
mod rows;

use std::time::Duration;

use allowed::{add, becomes_so, is_asked, listen, needs, part, refused, said_by_child};
use redis::Connection;
use rows::flushed;
use serde_json::json;
use stream_events::{EventId, Item, Publisher, Query, Reader, Status, Watch};
use support::{TestRedis, scenario};
use tokio::time::timeout;

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
        let names = said.matches(&format!("'{without}'")).count();
        assert_eq!(names, usize::from(!so.is_empty()), "{without}: {said}");
        if without == "nothing" {
            assert!(!said.contains("WARN"), "{said}");
            assert_eq!(refused(&redis), [""; 0]);
            // What takes a day, and what a hub asks of many that are quiet for a while.
            needs(&redis, "reader", &["xgroup|delconsumer", "exists"]);
        }
    }
}
