//! Row 31: runtimes that block, end, follow each other or are not there. Each in a process under a
//! watch: none of them may hang.
#![allow(clippy::unwrap_used)]

mod by_hand;

use std::future::pending;
use std::thread;
use std::time::{Duration, Instant};

use by_hand::by_hand;
use stream_events::{DEFAULT_FLUSH_TIMEOUT, Publisher, job_events, publish};
use support::{Program, TestRedis, kinds, scenario};
use tokio::runtime::{Builder, Runtime};

const SOON: Duration = Duration::from_secs(30);

/// Plays this in a process of its own, to which a server is given. It hangs no longer than the watch
/// lets it.
fn watched(test: &str, play: impl FnOnce(&str)) -> Option<TestRedis> {
    if let Some(url) = scenario() {
        play(&url);
        return None;
    }
    let redis = TestRedis::start();
    Program::again(test, &redis.url()).run().passed();
    Some(redis)
}

fn of_job(redis: &TestRedis, job: &str) -> Vec<String> {
    kinds(&redis.entries(&format!("job_events:{job}")))
}

fn current_thread() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

#[job_events(task_type = "t")]
async fn works(job_id: &str) {
    tokio::task::yield_now().await;
    publish!("row", of = job_id);
}

const WORKED: [&str; 3] = ["task_started", "row", "task_completed"];

/// The guard's flush blocks the only thread that the runtime has.
#[test]
fn a_flush_that_blocks_the_only_thread_of_a_runtime_delivers() {
    let name = "a_flush_that_blocks_the_only_thread_of_a_runtime_delivers";
    let redis = watched(name, |url| {
        current_thread().block_on(async {
            let installed = Publisher::connect(url).unwrap().install();
            works("job_001").await;
            tokio::spawn(works("job_002")).await.unwrap();
            drop(installed);
        });
    });
    let Some(redis) = redis else { return };
    assert_eq!(of_job(&redis, "job_001"), WORKED);
    assert_eq!(of_job(&redis, "job_002"), WORKED);
}

#[test]
fn a_flush_that_blocks_ends_in_time_where_the_server_does_not_answer() {
    if let Some(url) = scenario() {
        return current_thread().block_on(async {
            let installed = Publisher::connect(url).unwrap().install();
            works("job_001").await;
            let began = Instant::now();
            drop(installed);
            let took = began.elapsed();
            assert!(took < 2 * DEFAULT_FLUSH_TIMEOUT, "{took:?}");
        });
    }
    let redis = TestRedis::start();
    redis.freeze();
    let name = "a_flush_that_blocks_ends_in_time_where_the_server_does_not_answer";
    Program::again(name, &redis.url()).run().passed();
}

#[test]
fn one_publisher_serves_a_runtime_after_another() {
    let redis = watched("one_publisher_serves_a_runtime_after_another", |url| {
        let publisher = Publisher::connect(url).unwrap();
        let installed = publisher.clone().install();
        for job in ["job_001", "job_002", "job_003"] {
            let runtime = current_thread();
            runtime.block_on(works(job));
            let length = runtime.block_on(async {
                publisher.publish_event(job, &()).await.unwrap();
                publisher.stream_length(job).await.unwrap()
            });
            assert_eq!(length, 4, "{job}");
        }
        drop(installed);
    });
    let Some(redis) = redis else { return };
    for job in ["job_001", "job_002", "job_003"] {
        assert_eq!(of_job(&redis, job)[..3], WORKED, "{job}");
    }
}

#[test]
fn what_a_runtime_takes_with_it_is_delivered_after_it() {
    let name = "what_a_runtime_takes_with_it_is_delivered_after_it";
    let redis = watched(name, |url| {
        let installed = Publisher::connect(url).unwrap().install();
        let runtime = Builder::new_multi_thread().build().unwrap();
        let (started, has_started) = tokio::sync::oneshot::channel();
        runtime.spawn(never_ends("job_001", started));
        runtime.block_on(has_started).unwrap();
        drop(runtime);
        installed
            .publisher()
            .job("job_002", "t")
            .unwrap()
            .completed(&());
        drop(installed);
    });
    let Some(redis) = redis else { return };
    assert_eq!(
        of_job(&redis, "job_001"),
        ["task_started", "task_failed: cancelled"]
    );
    assert_eq!(
        of_job(&redis, "job_002"),
        ["task_started", "task_completed"]
    );
}

#[job_events(task_type = "t")]
async fn never_ends(job_id: &'static str, started: tokio::sync::oneshot::Sender<()>) {
    let _ = job_id;
    started.send(()).unwrap();
    pending().await
}

/// Many tests of one process have a runtime each, at one time, and share what is installed.
#[test]
fn many_runtimes_at_a_time_share_a_publisher() {
    const RUNTIMES: usize = 8;
    const JOBS: usize = 20;
    let redis = watched("many_runtimes_at_a_time_share_a_publisher", |url| {
        let installed = Publisher::connect(url).unwrap().install();
        thread::scope(|scope| {
            for runtime in 0..RUNTIMES {
                let publisher = installed.publisher();
                scope.spawn(move || {
                    current_thread().block_on(async {
                        for job in 0..JOBS {
                            works(&format!("job_{runtime}_{job}")).await;
                            assert!(publisher.flush(SOON).await.complete);
                        }
                    });
                });
            }
        });
        drop(installed);
    });
    let Some(redis) = redis else { return };
    for (runtime, job) in (0..RUNTIMES * JOBS).map(|n| (n / JOBS, n % JOBS)) {
        assert_eq!(of_job(&redis, &format!("job_{runtime}_{job}")), WORKED);
    }
}

#[test]
fn without_any_runtime_all_but_reading_works() {
    let redis = watched("without_any_runtime_all_but_reading_works", |url| {
        let publisher = Publisher::connect(url).unwrap();
        let installed = publisher.clone().install();
        by_hand(works("job_001"));
        by_hand(publisher.publish_event("job_001", &())).unwrap();
        assert!(by_hand(publisher.flush(SOON)).complete);
        assert!(by_hand(publisher.shutdown(SOON)).complete);
        drop(installed);
    });
    let Some(redis) = redis else { return };
    assert_eq!(of_job(&redis, "job_001")[..3], WORKED);
}
