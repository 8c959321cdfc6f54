//! Watches of a hub that wait in vain: what they ask is asked together, and each has its own answer.
#![allow(clippy::unwrap_used)]

mod raw;

use std::time::{Duration, Instant};

use futures_util::future::{join_all, select_all};
use futures_util::{FutureExt, StreamExt};
use raw::add_to_each;
use stream_events::{Event, Hub, Item, Missing, Reader, Watch};
use support::TestRedis;
use tokio::time::{sleep, timeout};

const SOON: Duration = Duration::from_secs(60);
const INDEX: &str = "job_index:active";
/// How often each looks.
const GRACE: Duration = Duration::from_millis(500);

/// Jobs at work, each with a run whose lease holds.
fn begin(redis: &TestRedis, jobs: u64) {
    add_to_each(redis, 0..jobs, "task_started", 0);
    let mut pipeline = redis::Pipeline::new();
    for job in 0..jobs {
        let lease = pipeline.cmd("ZADD").arg(INDEX);
        lease.arg("9999999999999").arg(format!("r:{job}"));
    }
    pipeline.exec(&mut redis.client()).unwrap();
}

async fn watches(hub: &Hub, jobs: u64) -> Vec<Watch> {
    let watch = |job: u64| hub.watch(job.to_string()).unwrap();
    let mut watches: Vec<_> = (0..jobs).map(watch).collect();
    for item in timeout(SOON, join_all(watches.iter_mut().map(Watch::next)))
        .await
        .unwrap()
    {
        assert!(matches!(item, Some(Ok(Item::Event(_)))), "{item:?}");
    }
    watches
}

fn hub(redis: &TestRedis, rules: &str) -> Hub {
    redis.allow("u", &format!("on nopass ~* +@all {rules}"));
    let url = redis.url().replace("redis://", "redis://u:p@");
    Reader::connect(url).unwrap().with_grace(GRACE).hub()
}

fn looks(redis: &TestRedis) -> u64 {
    let commands = ["zscore", "zmscore", "time", "exists", "xinfo|stream"];
    let calls = |name: &&str| redis.calls(name);
    commands.iter().map(calls).sum()
}

#[tokio::test]
async fn what_a_thousand_quiet_watches_ask_is_a_few_commands() {
    const JOBS: u64 = 1000;
    let redis = TestRedis::start();
    begin(&redis, JOBS);
    let hub = hub(&redis, "");
    let watches = watches(&hub, JOBS).await;
    let quiet = tokio::spawn(select_all(
        watches.into_iter().map(|watch| watch.into_future().boxed()),
    ));
    // Each has been looked at once, and is known.
    let until = Instant::now() + SOON;
    while redis.calls("exists") == 0 || redis.calls("xinfo|stream") < JOBS {
        assert!(Instant::now() < until, "{}", redis.calls("xinfo|stream"));
        sleep(Duration::from_millis(5)).await;
    }
    let (before, streams, begun) = (looks(&redis), redis.calls("xinfo|stream"), Instant::now());
    sleep(4 * GRACE).await;
    let (asked, rounds) = (looks(&redis) - before, begun.elapsed().as_secs_f64() / 0.05);
    // Three commands a page, where each watch by itself would send three every half second.
    assert!(asked as f64 <= 3.0 * rounds + 6.0, "{asked}");
    assert!(asked >= 12, "they are looked at: {asked}");
    assert_eq!(redis.calls("xinfo|stream"), streams);
    assert!(!quiet.is_finished());
    quiet.abort();
}

fn of(item: Item) -> Event {
    match item {
        Item::Event(event) => event,
        other => panic!("{other:?}"),
    }
}

/// Of many, each third has lost its process, and each third its stream; also where the store, or the rights
/// of its user, do not have what many are asked for by.
#[tokio::test]
async fn each_of_many_quiet_watches_hears_what_is_its_own() {
    let rules = ["", "-zmscore", "-exists", "-client", "-client -zmscore"];
    join_all(rules.map(each_hears_its_own)).await;
}

async fn each_hears_its_own(rules: &str) {
    const JOBS: u64 = 300;
    let redis = TestRedis::start();
    begin(&redis, JOBS);
    let hub = hub(&redis, rules);
    let mut watches = watches(&hub, JOBS).await;
    // They are quiet, and known.
    let mut quiet = select_all(watches.iter_mut().map(|watch| watch.next().boxed()));
    let is_quiet = timeout(3 * GRACE, &mut quiet).await.is_err();
    assert!(is_quiet, "{rules}");
    drop(quiet);
    for job in 0..JOBS {
        match job % 3 {
            0 => redis.lease(INDEX, &format!("r:{job}"), -60_000),
            1 => redis.run(&["DEL", &format!("job_events:{job}")]),
            _ => {}
        }
    }
    let ends = watches
        .iter_mut()
        .enumerate()
        .filter(|(job, _)| job % 3 < 2);
    let ends = join_all(ends.map(async |(job, watch)| {
        let item = watch.next().await.unwrap().unwrap();
        match job % 3 {
            0 => assert!(of(item).is_lost(), "{rules}"),
            _ => {
                let Item::Gap(gap) = item else {
                    panic!("{rules}: {item:?}")
                };
                assert_eq!((gap.run.as_str(), gap.why), ("r", Missing::Expired));
            }
        }
        assert!(watch.next().await.is_none());
    }));
    timeout(SOON, ends).await.expect(rules);
    for watch in watches.iter_mut().skip(2).step_by(3) {
        assert!(watch.next().now_or_never().is_none(), "{rules}");
    }
}

/// A server tells that a stream is past its time once it takes it away, which it may put off: who looks has
/// it taken away.
#[tokio::test]
async fn a_stream_that_is_past_its_time_and_still_there_is_noticed() {
    let redis = TestRedis::start();
    // From 7.0 on, a server lets nobody do that unless it is told so at its start.
    let redis = match redis.info("server", "redis_version").starts_with('6') {
        true => redis,
        false => TestRedis::with(&["--enable-debug-command", "yes"]),
    };
    redis.run(&["DEBUG", "SET-ACTIVE-EXPIRE", "0"]);
    begin(&redis, 300);
    let hub = hub(&redis, "");
    let mut watches = watches(&hub, 300).await;
    let mut quiet = select_all(watches.iter_mut().map(|watch| watch.next().boxed()));
    let until = Instant::now() + SOON;
    while redis.calls("xinfo|stream") < 300 || redis.calls("exists") == 0 {
        assert!(timeout(GRACE, &mut quiet).await.is_err());
        assert!(Instant::now() < until, "they are known");
    }
    redis.run(&["PEXPIRE", "job_events:7", "20"]);
    let (item, at, _) = timeout(SOON, quiet).await.unwrap();
    let gap = matches!(item, Some(Ok(Item::Gap(gap))) if gap.why == Missing::Expired);
    assert_eq!((gap, at), (true, 7));
}
