//! Row 38: more progress than any store could take, while there is none.
#![allow(clippy::unwrap_used)]

use std::time::Duration;

use serde_json::Value;
use stream_events::{Fields, Job, Progress, Publisher};
use support::{Program, RawEntry, TestRedis, memory_peak, scenario, wait_until};

const JOBS: u64 = 100;
const EVENTS: u64 = 1_000_000;
/// What may wait.
const QUEUE: usize = 8 * 1024 * 1024;
const SOON: Duration = Duration::from_secs(60);

/// Emits it all, and does not end before the store has it.
fn floods(url: &str) {
    let publisher = Publisher::builder()
        .url(url)
        .queue_bytes(QUEUE)
        .connect()
        .unwrap();
    let job = |n| publisher.job(format!("job_{n}"), "t").unwrap();
    let jobs: Vec<_> = (0..JOBS).map(job).collect();
    let before = memory_peak();
    for n in 0..EVENTS / JOBS {
        let progress = || Progress::new("at work").current(n).total(EVENTS / JOBS);
        jobs.iter().for_each(|job| job.progress(progress()));
    }
    let stats = publisher.stats();
    assert_eq!(stats.emitted, JOBS + EVENTS);
    assert_eq!(stats.emitted, stats.coalesced + stats.pending, "{stats:?}");
    // Half of the queue's room, at 512 bytes at least for each that waits.
    assert!(stats.pending <= QUEUE as u64 / 512, "{stats:?}");
    // Progress alone does not fill it; what does is refused.
    fill(&publisher, &jobs[0]);
    let grown = memory_peak() - before;
    assert!(grown <= 2 * QUEUE as u64 / 1024, "{grown} KiB");
    println!("waits for the store; {grown} KiB more");
    wait_until("it is there", || publisher.stats().delivered > 0);
    jobs.iter().for_each(|job| job.completed(&()));
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let report = runtime.unwrap().block_on(publisher.flush(SOON));
    assert!(report.complete, "{report}");
    let stats = report.stats;
    let known = stats.delivered + stats.coalesced + stats.dropped.total();
    assert_eq!((stats.pending, stats.emitted), (0, known));
}

fn fill(publisher: &Publisher, job: &Job) {
    while publisher.stats().dropped.queue_full < 10_000 {
        job.emit("row", Fields::new().field("row", &"x".repeat(1000)));
    }
}

#[test]
fn a_million_progress_events_of_a_hundred_jobs_stay_within_the_queues_bytes() {
    if let Some(url) = scenario() {
        return floods(&url);
    }
    let mut redis = TestRedis::start();
    redis.kill();
    let name = "a_million_progress_events_of_a_hundred_jobs_stay_within_the_queues_bytes";
    let program = Program::again(name, &redis.url()).patience(SOON * 5);
    let mut flood = program.start();
    flood.wait_for("waits for the store");
    redis.restart();
    flood.wait().passed();
    for n in 0..JOBS {
        let entries = redis.entries(&format!("job_events:job_{n}"));
        let progress: Vec<Value> = entries
            .iter()
            .map(RawEntry::data)
            .filter(|data| data["event_type"] == "task_progress")
            .collect();
        assert_eq!(progress[0]["current"], 0, "the first is shown");
        let newest = progress.last().unwrap();
        assert_eq!(newest["current"], EVENTS / JOBS - 1, "and the newest");
        let stands_for = |data: &Value| 1 + data["coalesced"].as_u64().unwrap_or(0);
        assert_eq!(progress.iter().map(stands_for).sum::<u64>(), EVENTS / JOBS);
        assert_eq!(
            entries.last().unwrap().field("event_type"),
            "task_completed"
        );
    }
}
