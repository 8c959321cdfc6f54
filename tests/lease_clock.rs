//! A server whose clock is not the processes', and jumps: leases are by its clock alone.
#![allow(clippy::unwrap_used)]

mod at_work;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use at_work::{IN_TIME, SHORT, block_on, publisher, reader, reap};
use stream_events::Reader;
use support::{OtherClock, Program, TestRedis, kinds, scenario, wait_until};

const INDEX: &str = "job_index:active";
const HOUR: i64 = 60 * 60;
/// A grace time that a process that lives cannot miss.
const AMPLE: Duration = Duration::from_secs(5);

/// How far beyond this machine's clock the one lease goes, in s.
fn ahead(redis: &TestRedis) -> i64 {
    let until = redis.leases(INDEX)[0].1 as i64;
    (until - redis.clock() as i64).div_euclid(1000)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_lives_is_not_lost_by_a_clock_that_is_off_or_jumps() {
    let redis = TestRedis::start();
    let clock = OtherClock::of(&redis, -HOUR);
    let publisher = publisher(&clock.url());
    let job = publisher.job("job_001", "t").unwrap();
    assert!(publisher.flush(IN_TIME).await.complete);
    assert!(
        (-HOUR - 2..=-HOUR).contains(&ahead(&redis)),
        "{}",
        ahead(&redis)
    );
    let is_over = Arc::new(AtomicBool::new(false));
    let patient = Reader::connect(clock.url()).unwrap().with_grace(AMPLE);
    let reaper = reap(&patient, &is_over);
    clock.set(HOUR);
    wait_until("it is leased by the new time", || ahead(&redis) >= HOUR - 2);
    let jumped = Instant::now();
    wait_until("others would have noticed", || {
        jumped.elapsed() > AMPLE * 3 / 2
    });
    clock.set(0);
    wait_until("it is leased by the old time", || ahead(&redis) < 2);
    job.completed(&());
    assert!(publisher.flush(IN_TIME).await.complete);
    is_over.store(true, Ordering::SeqCst);
    assert_eq!(reaper.await.unwrap(), []);
    let entries = redis.entries("job_events:job_001");
    assert_eq!(kinds(&entries), ["task_started", "task_completed"]);
}

/// Begins a run, and never comes to its end.
fn works(url: &str) -> ! {
    let publisher = publisher(url);
    let _job = publisher.job("job_001", "t").unwrap();
    assert!(block_on(publisher.flush(IN_TIME)).complete);
    println!("at work");
    loop {
        std::thread::park();
    }
}

/// Row 25, with clocks that disagree.
#[tokio::test]
async fn a_killed_process_is_noticed_whatever_its_clock_says() {
    if let Some(url) = scenario() {
        works(&url);
    }
    for hours in [-HOUR, HOUR] {
        let redis = TestRedis::start();
        let clock = OtherClock::of(&redis, hours);
        let mut process = Program::again(
            "a_killed_process_is_noticed_whatever_its_clock_says",
            &clock.url(),
        )
        .start();
        process.wait_for("at work");
        process.signal("KILL");
        let mut reaper = reader(&clock.url()).reaper();
        let (began, mut lost) = (Instant::now(), Vec::new());
        while lost.is_empty() && began.elapsed() < IN_TIME {
            lost = reaper.reap().await.unwrap();
            tokio::time::sleep(SHORT / 10).await;
        }
        assert_eq!(lost.len(), 1);
    }
}
