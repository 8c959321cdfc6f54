//! What stands in the index of runs at work: from when, until when, and how it is kept.
#![allow(clippy::unwrap_used)]

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use stream_events::{DEFAULT_LEASE, Publisher, Reader};
use support::{Program, Proxy, Rule, TestRedis, Way, kinds, scenario, wait_until};

const INDEX: &str = "job_index:active";
const SOON: Duration = Duration::from_secs(30);
const SECOND: Duration = Duration::from_secs(1);
const DAY: i64 = 24 * 60 * 60 * 1000;

/// One whose leases are renewed each third of this.
fn leasing(url: &str, lease: Duration) -> Publisher {
    let builder = Publisher::builder().url(url).lease(lease);
    builder.connect().unwrap()
}

/// Until when a run is leased; none where it is not.
fn until(redis: &TestRedis, run: &str) -> Option<u64> {
    let leases = redis.leases(INDEX);
    let of_run = leases
        .into_iter()
        .find(|(member, _)| member.starts_with(run));
    of_run.map(|(_, until)| until)
}

fn wait_for_renewal(redis: &TestRedis, run: &str) {
    let before = until(redis, run).unwrap();
    wait_until("the lease is renewed", || until(redis, run) > Some(before));
}

#[tokio::test]
async fn a_run_is_leased_from_its_start_to_its_end() {
    let redis = TestRedis::start();
    let publisher = Publisher::connect(redis.url()).unwrap();
    let before = redis.clock();
    let job = publisher.job("job:001", "t").unwrap();
    publisher
        .publish_task_started("job_002", "t", &())
        .await
        .unwrap();
    assert!(publisher.flush(SOON).await.complete);
    let [(member, until)] = &redis.leases(INDEX)[..] else {
        panic!("one lease; the end of the other run may come from anywhere")
    };
    assert_eq!(*member, format!("{}:job:001", job.run_id()));
    let lease = DEFAULT_LEASE.as_millis() as u64;
    assert!(
        (before + lease - 100..=redis.clock() + lease).contains(until),
        "{until}"
    );
    let kept: i64 = redis::cmd("PTTL")
        .arg(INDEX)
        .query(&mut redis.client())
        .unwrap();
    assert!((6 * DAY..=7 * DAY).contains(&kept), "{kept}");
    job.failed("no more paper");
    assert!(publisher.flush(SOON).await.complete);
    assert_eq!(redis.leases(INDEX), []);
}

#[tokio::test]
async fn the_leases_of_many_runs_are_renewed_by_one_command() {
    let redis = TestRedis::start();
    let publisher = leasing(&redis.url(), SECOND);
    let jobs: Vec<_> = (0..500)
        .map(|n| publisher.job(format!("job_{n}"), "t").unwrap())
        .collect();
    assert!(publisher.flush(SOON).await.complete);
    let calls = || ["zadd", "zmscore", "zremrangebyscore", "expire"].map(|name| redis.calls(name));
    wait_for_renewal(&redis, jobs[0].run_id());
    let before = calls();
    (0..3).for_each(|_| wait_for_renewal(&redis, jobs[0].run_id()));
    let after = calls();
    for (before, after) in before.into_iter().zip(after) {
        // Each renewal that was waited for, and those that came between two looks.
        assert!((3..30).contains(&(after - before)), "{before}, {after}");
    }
    let mut scores: Vec<_> = redis
        .leases(INDEX)
        .into_iter()
        .map(|(_, until)| until)
        .collect();
    assert_eq!(scores.len(), 500);
    scores.dedup();
    assert_eq!(scores.len(), 1, "all at one time");
    let before = redis.calls("zrem");
    jobs.iter().for_each(|job| job.completed(&()));
    assert!(publisher.flush(SOON).await.complete);
    assert_eq!(redis.leases(INDEX), []);
    assert!(redis.calls("zrem") - before <= 100);
}

#[tokio::test]
async fn the_index_does_not_grow_for_ever() {
    let redis = TestRedis::start();
    for n in 0..100 {
        redis.lease(INDEX, &format!("old_{n}:job"), -8 * DAY);
    }
    redis.lease(INDEX, "young:job", -DAY);
    let publisher = leasing(&redis.url(), SECOND);
    let job = publisher.job("job_001", "t").unwrap();
    wait_until("the old are swept out", || redis.leases(INDEX).len() == 2);
    assert_eq!(redis.leases(INDEX)[0].0, "young:job");
    drop(job);
}

#[tokio::test]
async fn what_counts_is_the_servers_clock_and_a_renewal_puts_right_what_others_wrote() {
    let redis = TestRedis::start();
    let publisher = leasing(&redis.url(), SECOND);
    let job = publisher.job("job_001", "t").unwrap();
    assert!(publisher.flush(SOON).await.complete);
    let member = format!("{}:job_001", job.run_id());
    for from_now in [-DAY, DAY] {
        redis.lease(INDEX, &member, from_now);
        wait_until("the lease is as long as it should be", || {
            let until = until(&redis, job.run_id()).unwrap();
            (redis.clock()..=redis.clock() + 1000).contains(&until)
        });
    }
    job.completed(&());
    assert!(publisher.flush(SOON).await.complete);
    // It was not said of a run that nobody declared lost.
    let entries = redis.entries("job_events:job_001");
    assert_eq!(kinds(&entries), ["task_started", "task_completed"]);
}

/// Row 32: a lease, and a flush, need nothing of the runtime that a job blocks.
#[test]
fn a_job_that_blocks_its_runtime_keeps_its_lease_and_its_events_flow() {
    let redis = TestRedis::start();
    let publisher = leasing(&redis.url(), SECOND);
    let (release, released) = mpsc::channel::<()>();
    let job = publisher.job("job_001", "t").unwrap();
    let run = job.run_id().to_owned();
    let blocked = AtomicBool::new(false);
    let runtime = || {
        tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap()
    };
    let is_blocked = &blocked;
    std::thread::scope(|scope| {
        // Gone with this, so that a test that fails here leaves nobody waiting.
        let release = release;
        scope.spawn(move || {
            runtime().block_on(async {
                job.progress("before");
                is_blocked.store(true, Ordering::SeqCst);
                // Longer than any wait that is not told to go on.
                released.recv().unwrap();
                job.progress("after");
                job.completed(&());
            });
        });
        wait_until("it blocks", || blocked.load(Ordering::SeqCst));
        assert!(runtime().block_on(publisher.flush(SOON)).complete);
        assert_eq!(redis.entries("job_events:job_001").len(), 2);
        (0..4).for_each(|_| wait_for_renewal(&redis, &run));
        release.send(()).unwrap();
    });
    assert!(runtime().block_on(publisher.flush(SOON)).complete);
    assert_eq!(redis.entries("job_events:job_001").len(), 4);
    assert_eq!(redis.leases(INDEX), []);
}

/// Row 26: what drains is still at work.
#[tokio::test(flavor = "multi_thread")]
async fn a_shutdown_renews_leases_while_it_delivers_what_is_left() {
    let redis = TestRedis::start();
    redis.allow("worker", "on >secret ~* +@all");
    let publisher = leasing(&redis.url().replace("//", "//worker:secret@"), SECOND);
    let job = publisher.job("job_001", "t").unwrap();
    assert!(publisher.flush(SOON).await.complete);
    redis.deny("worker", "xadd");
    let run = job.run_id().to_owned();
    let draining = publisher.clone();
    let shutdown = tokio::spawn(async move { draining.shutdown(SOON * 2).await });
    wait_until("the run is ended", || publisher.stats().emitted == 2);
    (0..6).for_each(|_| wait_for_renewal(&redis, &run));
    assert_eq!(redis.entries("job_events:job_001").len(), 1);
    redis.allow("worker", "+xadd");
    let report = shutdown.await.unwrap();
    assert!(report.complete, "{report}");
    let entries = redis.entries("job_events:job_001");
    assert_eq!(kinds(&entries), ["task_started", "task_failed: cancelled"]);
    assert_eq!(redis.leases(INDEX), []);
}

/// Where there is no lease, a flush does not wait for one to be given up: also not where it is asked
/// long before the answer comes.
#[tokio::test]
async fn a_flush_waits_for_no_lease_that_the_server_does_not_keep() {
    let redis = TestRedis::start();
    redis.allow("worker", "on >secret ~* +@all -time");
    let proxy = Proxy::to(&redis);
    proxy.rule(Way::ToClient, Rule::Delay(Duration::from_millis(100)));
    let publisher = leasing(&proxy.url().replace("//", "//worker:secret@"), SECOND);
    for n in 0..3 {
        let job = publisher.job(format!("job_{n}"), "t").unwrap();
        job.completed(&());
        assert!(publisher.flush(SOON).await.complete, "job_{n}");
    }
    let report = publisher.shutdown(SOON).await;
    assert!(report.complete, "{report}");
}

/// Three jobs, one after the other, of a user who may not do everything.
fn works_without_rights(url: &str) {
    tracing_subscriber::fmt().with_ansi(false).init();
    let publisher = leasing(url, SECOND);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    for n in 0..3 {
        let job = publisher.job(format!("job_{n}"), "t").unwrap();
        assert!(runtime.block_on(publisher.flush(SOON)).complete);
        job.completed(&());
        assert!(runtime.block_on(publisher.flush(SOON)).complete);
    }
    let last = publisher.job("job_3", "t").unwrap();
    println!("three are done");
    // Until it has said that leases are kept.
    let mut watch = Reader::connect(url).unwrap().watch("over").unwrap();
    let _ = runtime.block_on(async { tokio::time::timeout(SOON * 2, watch.next()).await });
    last.completed(&());
    assert!(runtime.block_on(publisher.flush(SOON)).complete);
}

#[test]
fn without_rights_to_leases_events_are_delivered_and_that_is_said_once() {
    if let Some(url) = scenario() {
        return works_without_rights(&url);
    }
    let redis = TestRedis::start();
    for rights in [
        "~job_events:* ~over +@all",
        "~* +@all -zadd",
        "~* +@all -time",
    ] {
        redis.run(&["FLUSHALL"]);
        redis.allow("worker", &format!("reset on >secret {rights}"));
        let url = redis.url().replace("//", "//worker:secret@");
        let mut worker = Program::again(
            "without_rights_to_leases_events_are_delivered_and_that_is_said_once",
            &url,
        )
        .start();
        worker.wait_for("three are done");
        for n in 0..3 {
            let entries = redis.entries(&format!("job_events:job_{n}"));
            assert_eq!(
                kinds(&entries),
                ["task_started", "task_completed"],
                "{rights}"
            );
        }
        assert_eq!(redis.leases(INDEX), [], "{rights}");
        redis.allow("worker", "~* +@all");
        worker.wait_for("INFO stream_events: redis://127.0.0.1:");
        worker.wait_for("keeps leases again");
        wait_until("its run has a lease", || redis.leases(INDEX).len() == 1);
        redis.run(&["XADD", "job_events:over", "*", "data", "{}"]);
        let exit = worker.wait();
        exit.passed();
        let warned = exit.said.matches("keeps no leases (NOPERM ").count();
        assert_eq!(warned, 1, "{rights}: {}", exit.said);
        let why = "); jobs run on, but nobody will notice if this process is killed";
        assert!(exit.said.contains(why), "{}", exit.said);
    }
}
