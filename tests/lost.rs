//! A process that is killed: each of its runs is declared lost, once, whoever comes upon it.
#![allow(clippy::unwrap_used)]

mod at_work;
mod followed;

use std::collections::HashSet;

use at_work::{IN_TIME, SHORT, block_on, publisher, reader, reap};
use followed::followed;
use serde_json::{Value, json};
use stream_events::{EventType, Publisher};
use support::{Program, Running, TestRedis, kinds, scenario, wait_until};

const INDEX: &str = "job_index:active";
const WHY: &str = "the process that ran the job has stopped renewing its lease: it was killed or frozen, or cannot reach the store";

/// Begins these runs of one job each, of which the last ends, and never comes to the end of the rest.
fn works(url: &str, jobs: usize) -> ! {
    let publisher = publisher(url);
    let mut at_work: Vec<_> = (0..jobs)
        .map(|n| publisher.job(format!("job_{n}"), "import").unwrap())
        .collect();
    at_work.iter().for_each(|job| job.progress("at work"));
    at_work.pop().unwrap().completed(&());
    assert!(block_on(publisher.flush(IN_TIME)).complete);
    println!("at work");
    loop {
        std::thread::park();
    }
}

/// A process of its own that does that.
fn start(test: &str, redis: &TestRedis) -> Running {
    let mut process = Program::again(test, &redis.url()).start();
    process.wait_for("at work");
    process
}

fn of_job(redis: &TestRedis, n: usize) -> Vec<String> {
    kinds(&redis.entries(&format!("job_events:job_{n}")))
}

/// Row 25
#[tokio::test(flavor = "multi_thread")]
async fn of_a_killed_process_each_run_is_declared_lost_once_however_many_race_for_it() {
    const JOBS: usize = 21;
    if let Some(url) = scenario() {
        works(&url, JOBS);
    }
    let redis = TestRedis::start();
    let process = start(
        "of_a_killed_process_each_run_is_declared_lost_once_however_many_race_for_it",
        &redis,
    );
    let readers: Vec<_> = (0..3).map(|_| reader(&redis.url())).collect();
    let reapers: Vec<_> = readers.iter().map(reap).collect();
    let watches: Vec<_> = (0..2)
        .map(|n| tokio::spawn(followed(readers[n].watch(format!("job_{n}")).unwrap())))
        .collect();
    process.signal("KILL");
    wait_until("no lease is left", || redis.leases(INDEX).is_empty());
    let mut declared = Vec::new();
    for reaper in reapers {
        declared.extend(reaper.end().await);
    }

    let expected = ["task_started", "task_progress", "task_failed: lost"];
    for n in 0..JOBS - 1 {
        assert_eq!(of_job(&redis, n), expected, "job_{n}");
    }
    let ended = ["task_started", "task_progress", "task_completed"];
    assert_eq!(of_job(&redis, JOBS - 1), ended);
    for watch in watches {
        let events = watch.await.unwrap();
        let end = events.last().unwrap();
        assert_eq!(
            (events.len(), end.event_type()),
            (3, &EventType::TaskFailed)
        );
        assert!(end.is_lost() && end.is_terminal() && !events[1].is_lost());
        assert_eq!((end.run(), end.seq()), (events[0].run(), None));
    }
    for lost in &declared {
        let start = redis.entries(&format!("job_events:{}", lost.job_id))[0].data();
        assert_eq!(start["run"], lost.run);
    }
    let runs: HashSet<_> = declared.iter().map(|lost| &lost.run).collect();
    assert_eq!(declared.len(), runs.len());
    // The others are those that a watch was the first to declare.
    assert!((JOBS - 3..JOBS).contains(&runs.len()), "{declared:?}");
}

/// Row 25, where nobody reaps.
#[tokio::test(flavor = "multi_thread")]
async fn a_watch_alone_ends_the_job_of_a_killed_process() {
    if let Some(url) = scenario() {
        works(&url, 3);
    }
    let redis = TestRedis::start();
    let process = start("a_watch_alone_ends_the_job_of_a_killed_process", &redis);
    let reader = reader(&redis.url());
    let from_start = tokio::spawn(followed(reader.watch("job_0").unwrap()));
    // One that sees no event of the run's at all.
    let newest = reader.stream_info("job_1").await.unwrap().unwrap().last_id;
    let resumed = tokio::spawn(followed(reader.watch("job_1").unwrap().after(newest)));
    process.signal("KILL");
    let events = from_start.await.unwrap();
    assert_eq!(resumed.await.unwrap().len(), 1);
    assert_eq!(redis.leases(INDEX), []);

    let (start, end) = (&events[0], &events[2]);
    let mut data: Value = serde_json::from_str(&end.data()).unwrap();
    let timestamp = data["timestamp"].take();
    assert_eq!(
        timestamp.as_str().unwrap().as_bytes(),
        end.raw("timestamp").unwrap()
    );
    let expected = json!({
        "event_type": "task_failed", "timestamp": null, "job_id": "job_0", "task_type": "import",
        "run": start.run().unwrap(), "error": WHY, "error_kind": "lost", "will_retry": false,
    });
    assert_eq!(data, expected);
    // What is known of its publisher's settings stands in the stream alone, which is kept as it was.
    assert!(redis.kept("job_events:job_0") > 6 * 24 * 60 * 60);
}

/// As a queue does, once it misses the first.
#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_was_started_again_is_followed_past_the_loss_of_its_first_run() {
    if let Some(url) = scenario() {
        works(&url, 2);
    }
    let redis = TestRedis::start();
    let process = start(
        "a_job_that_was_started_again_is_followed_past_the_loss_of_its_first_run",
        &redis,
    );
    process.signal("KILL");
    let publisher = Publisher::connect(redis.url()).unwrap();
    let again = publisher.job("job_0", "import").unwrap();
    assert!(publisher.flush(IN_TIME).await.complete);
    let reader = publisher.reader().with_grace(SHORT);
    let from_start = tokio::spawn(followed(reader.watch("job_0").unwrap()));
    wait_until("the first run is lost", || of_job(&redis, 0).len() == 4);
    wait_until("that is done", || redis.leases(INDEX).len() == 1);
    assert!(
        redis.kept("job_events:job_0") > 6 * 24 * 60 * 60,
        "the job is not over"
    );
    let newest = reader.stream_info("job_0").await.unwrap().unwrap().last_id;
    let resumed = tokio::spawn(followed(reader.watch("job_0").unwrap().after(newest)));
    again.progress("still at work");
    again.completed(&());
    let expected = [
        "task_started",
        "task_progress",
        "task_started",
        "task_failed: lost",
        "task_progress",
        "task_completed",
    ];
    let events = from_start.await.unwrap();
    assert_eq!(events.len(), expected.len());
    assert!(events[3].is_lost() && !events[3].is_terminal());
    assert_eq!(resumed.await.unwrap(), events[4..]);
    let entries = redis.entries("job_events:job_0");
    assert_eq!(kinds(&entries), expected);
    assert_eq!(entries[3].data()["run"], entries[0].data()["run"]);
    assert_eq!(entries[3].data()["will_retry"], true);
}
