//! A job that says nothing is seen to be at work, as long as it is polled.
#![allow(clippy::unwrap_used)]

mod beaten;
mod installed;

use std::time::Duration;

use beaten::has_beaten;
use installed::{events, pause, publisher};
use serde_json::{Value, json};
use stream_events::{Job, Progress, job_events, publish};
use support::{RawEntry, TestRedis};
use tokio::task::JoinHandle;

const SHORT: Duration = Duration::from_millis(100);

async fn beats(job_id: &str) -> Vec<Value> {
    let mut events = events(job_id).await;
    events.retain(|event| event["heartbeat"] == true);
    events
}

#[job_events(task_type = "t", heartbeat = "100ms", timeout = "1m")]
async fn speaks_and_waits(job_id: &str) -> std::io::Result<()> {
    has_beaten(job_id, "task_started", 2).await;
    let progress = Progress::new("reading")
        .step("read")
        .current(3)
        .percent(30.0);
    Job::current().unwrap().progress(progress);
    publish!("row", of = job_id);
    has_beaten(job_id, "row", 2).await;
    Ok(())
}

#[tokio::test]
async fn a_job_that_says_nothing_says_again_where_it_stands() {
    publisher();
    speaks_and_waits("waits").await.unwrap();
    let beats = beats("waits").await;
    // How many there are is for the machine to say.
    let since = beats.iter().position(|beat| beat["progress"] != "at work");
    let (before, after) = beats.split_at(since.unwrap());
    assert!(before.len() >= 2 && after.len() >= 2);
    for beat in before {
        assert_eq!(beat["event_type"], "task_progress");
        assert!(beat["step"].is_null());
    }
    for beat in after {
        let standing = [
            &beat["progress"],
            &beat["step"],
            &beat["current"],
            &beat["percent"],
        ];
        assert_eq!(json!(standing), json!(["reading", "read", 3, 30]));
    }
    // None comes hard on the heels of something else.
    let said = TestRedis::shared().entries("job_events:waits");
    let ms = |entry: &RawEntry| -> u64 { entry.id.split('-').next().unwrap().parse().unwrap() };
    for pair in said
        .windows(2)
        .filter(|pair| pair[1].data()["heartbeat"] == true)
    {
        assert!(ms(&pair[1]) - ms(&pair[0]) >= 50, "{pair:?}");
    }
}

/// It would look to be at work, and is not.
#[tokio::test]
async fn a_job_that_blocks_its_thread_has_no_beat() {
    #[job_events(task_type = "t", heartbeat = SHORT)]
    async fn blocks(job_id: &str) {
        pause().await;
        publish!("blocks");
        std::thread::sleep(4 * SHORT);
        publish!("goes_on", of = job_id);
    }
    publisher();
    blocks("blocks").await;
    // A machine with much to do may hold it up before it blocks.
    let events = events("blocks").await;
    let types: Vec<_> = events.iter().map(|event| &event["event_type"]).collect();
    let since = types.iter().position(|kind| **kind == "blocks").unwrap();
    assert_eq!(types[since..], ["blocks", "goes_on", "task_completed"]);
}

/// Each of its polls ends since it has done enough for one, and not since it waits.
#[tokio::test]
async fn a_job_that_has_always_more_to_do_beats_too() {
    #[job_events(task_type = "t", heartbeat = SHORT, timeout = "1m")]
    async fn never_waits(job_id: &str, until: JoinHandle<()>) -> std::io::Result<()> {
        while !until.is_finished() {
            tokio::task::consume_budget().await;
        }
        let _ = job_id;
        Ok(())
    }
    publisher();
    let seen = tokio::spawn(has_beaten("busy", "task_started", 1));
    never_waits("busy", seen).await.unwrap();
    assert!(!beats("busy").await.is_empty());
}
