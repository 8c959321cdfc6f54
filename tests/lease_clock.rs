//! A server whose clock is not the processes', and jumps: leases are by its clock alone.
#![allow(clippy::unwrap_used)]

mod at_work;

use std::time::Duration;

use at_work::{IN_TIME, block_on, publisher, reader, reap};
use stream_events::Reader;
use support::{OtherClock, Program, TestRedis, kinds, scenario, wait_until};

const INDEX: &str = "job_index:active";
const HOUR: i64 = 60 * 60;
/// A grace time that a process that lives cannot miss.
const AMPLE: Duration = Duration::from_secs(5);

/// How far beyond this machine's clock the lease of the job goes, in s.
fn ahead(redis: &TestRedis) -> i64 {
    let leases = redis.leases(INDEX).into_iter();
    let mut of_job = leases.filter(|(member, _)| member.ends_with(":job_001"));
    let (_, until) = of_job.next().expect("the job at work is leased");
    (until as i64 - redis.clock() as i64).div_euclid(1000)
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
    let patient = Reader::connect(clock.url()).unwrap().with_grace(AMPLE);
    let reaping = reap(&patient);
    clock.set(HOUR);
    wait_until("it is leased by the new time", || ahead(&redis) >= HOUR - 2);
    redis.abandon("job_events:gone", INDEX);
    wait_until("one that is gone is noticed", || {
        redis.entries("job_events:gone").len() == 2
    });
    clock.set(0);
    wait_until("it is leased by the old time", || ahead(&redis) < 2);
    job.completed(&());
    assert!(publisher.flush(IN_TIME).await.complete);
    let lost = reaping.end().await;
    let lost: Vec<_> = lost.iter().map(|lost| lost.job_id.as_str()).collect();
    assert_eq!(lost, ["gone"]);
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
#[tokio::test(flavor = "multi_thread")]
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
        let reaping = reap(&reader(&clock.url()));
        wait_until("it is noticed", || redis.leases(INDEX).is_empty());
        assert_eq!(reaping.end().await.len(), 1);
    }
}
