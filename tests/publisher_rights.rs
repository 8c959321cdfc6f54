//! A publisher with the rights that the documentation gives it, and with one less: all that can be done
//! without it is done, and what is missing is said once, by name.
#![allow(clippy::unwrap_used)]

mod allowed;
#[allow(dead_code, reason = "others have more of it")]
mod impatient;
mod rows;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use allowed::{add, becomes_so, is_asked, listen, needs, part, refused, said_by_child, user};
use impatient::impatient;
use redis::Connection;
use rows::{emit_rows, flushed, holds};
use serde_json::json;
use stream_events::{Durability, JobId, Publisher};
use support::{TestRedis, kinds, scenario, wait_until};

const SOON: Duration = Duration::from_secs(30);

/// A run whose process is gone: its lease has run out long ago.
fn leave_a_lost_run(raw: &mut Connection) {
    let start = json!({"event_type": "task_started", "run": "gone", "seq": 0});
    add(raw, "job_events:job_lost", "*", start);
    add(raw, "job_events:job_lost", "*", json!({}));
    let mut lease = redis::cmd("ZADD");
    lease.arg("job_index:active").arg(1).arg("gone:job_lost");
    lease.exec(raw).unwrap();
}

/// Another writer is ahead, so that ids of ours are refused, and looked into.
fn be_ahead(raw: &mut Connection, key: &str) {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let ahead = now + Duration::from_secs(10);
    add(raw, key, &ahead.as_millis().to_string(), json!({}));
}

/// A child's part: all that a publisher does.
async fn publishes(url: &str, raw: &mut Connection, without: &str) {
    let log = listen();
    let builder = Publisher::builder()
        .url(url)
        .lease(Duration::from_millis(300));
    let builder = match without {
        "wait" => builder.durability(Durability::Replicated(1)),
        _ => builder,
    };
    let publisher = builder.connect().unwrap();
    let parent = JobId::try_from("parent").unwrap();
    let job = publisher
        .job_builder("job_001", "t")
        .unwrap()
        .parent(&parent);
    let job = job.start().unwrap();
    emit_rows(&job, 50);
    flushed(&publisher).await;
    be_ahead(raw, "job_events:job_001");
    emit_rows(&job, 50);
    flushed(&publisher).await;
    for command in ["zadd", "zmscore", "zremrangebyscore"] {
        if without != "time" {
            wait_until("leases are renewed", || is_asked(raw, command));
        }
    }
    job.completed(&());
    flushed(&publisher).await;
    assert_eq!(publisher.stream_length("job_001").await.unwrap(), 103);

    leave_a_lost_run(raw);
    let reader = publisher.reader().with_grace(Duration::from_millis(100));
    let reaping = tokio::spawn(reader.reaper().run());
    let said = ["is lost: the process", "lost runs cannot be found just now"];
    let is_said = || said.iter().any(|said| log.count(said) > 0);
    becomes_so("the reaper has looked", is_said).await;
    reaping.abort();
    let report = publisher.shutdown(SOON).await;
    assert!(report.complete, "{report}");
    println!("{}", log.text());
}

#[tokio::test]
async fn a_publisher_needs_the_rights_that_are_documented_and_says_which_it_lacks() {
    const TEST: &str = "a_publisher_needs_the_rights_that_are_documented_and_says_which_it_lacks";
    if let Some(scenario) = scenario() {
        let (url, mut raw, without) = part(&scenario);
        return publishes(url, &mut raw, without).await;
    }
    for (without, so) in [
        ("nothing", ""),
        (
            "info",
            "events that it acknowledges and then loses are not sent again",
        ),
        ("multi", "events are written one by one"),
        ("time", "keeps no leases ("),
        ("zadd", "keeps no leases ("),
        (
            "zmscore",
            "a run that is declared lost by mistake may not say that it goes on",
        ),
        (
            "zrem",
            "leases of runs that have ended run out by themselves",
        ),
        (
            "zremrangebyscore",
            "leases that have run out long ago stay in the index",
        ),
        ("xsetid", "may come behind the end of its run"),
        ("zrangebyscore", "lost runs cannot be found just now"),
        ("zscore", "lost runs cannot be found just now"),
        ("xrevrange", "lost runs cannot be found just now"),
        ("wait", "they count once it acknowledges them"),
    ] {
        let redis = TestRedis::start();
        let said = said_by_child(TEST, &redis, "publisher", without);
        assert_eq!(
            said.matches(so).count() == 1,
            !so.is_empty(),
            "{without}: {said}"
        );
        let names = said.matches(&format!("'{without}'")).count();
        // The publisher's delivery and its reaper may both have asked.
        let most = if so.is_empty() { 0 } else { 2 };
        assert!((most.min(1)..=most).contains(&names), "{without}: {said}");
        holds(&redis, "job_001", 102);
        assert!(redis.entries("job_index:feed").len() >= 2);
        assert_eq!(redis.entries("{job_events:parent}:children").len(), 1);
        if without == "nothing" {
            assert_eq!(said.matches("WARN stream_events").count(), 1, "{said}");
            assert_eq!(refused(&redis), [""; 0]);
            let lost = kinds(&redis.entries("job_events:job_lost"));
            assert_eq!(lost.last().unwrap(), "task_failed: lost");
            needs(&redis, "publisher", &[]);
        }
    }
}

/// Whether it is on its stream cannot be told.
#[tokio::test]
async fn without_the_right_to_look_what_may_be_there_waits_and_that_is_said_by_name() {
    for without in ["xrange", "xinfo|stream"] {
        let redis = TestRedis::start();
        let url = user(&redis, "publisher", without);
        let publisher = impatient(url).connect().unwrap();
        let job = publisher.job("job_001", "t").unwrap();
        flushed(&publisher).await;
        be_ahead(&mut redis.client(), "job_events:job_001");
        // Servers before 7.0 name no subcommands.
        let name = without.split('|').next().unwrap();
        impatient::refused(&publisher, "job_001", &format!("'{name}")).await;
        assert_eq!(redis.entries("job_events:job_001").len(), 2);
        redis.allow("publisher", &format!("+{without}"));
        job.completed(&());
        flushed(&publisher).await;
        let kinds = kinds(&redis.entries("job_events:job_001"));
        let ours = ["task_started", "other", "task_started", "task_completed"];
        assert_eq!(kinds, ours, "{without}");
    }
}
