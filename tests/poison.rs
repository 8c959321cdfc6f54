//! Events that cannot be delivered: what the network does not bear, what is past its time. They are
//! dropped alone.
#![allow(clippy::unwrap_used)]

use std::time::{Duration, Instant};

use stream_events::{ErrorKind, Fields, Item, Publisher, Reader};
use support::{Door, End, Program, Proxy, Rule, TestRedis, Way, scenario, seqs, used, wait_until};

const IN_TIME: Duration = Duration::from_secs(40);

/// Row 24
#[tokio::test]
async fn an_event_that_breaks_every_connection_is_dropped_and_no_other_is() {
    let redis = TestRedis::start();
    let proxy = Proxy::to(&redis);
    proxy.rule(
        Way::ToServer,
        Rule::CutOn(b"evil bytes".to_vec(), End::Reset),
    );
    let publisher = Publisher::connect(proxy.url()).unwrap();
    let jobs: Vec<_> = (0..10)
        .map(|n| publisher.job(format!("job_{n}"), "t").unwrap())
        .collect();
    for row in 0..100 {
        for job in &jobs {
            job.emit("row", Fields::new().field("n", &row));
        }
        if row == 50 {
            jobs[3].emit("row", Fields::new().field("n", "evil bytes"));
        }
    }
    jobs.iter().for_each(|job| job.completed(&()));
    let report = publisher.flush(IN_TIME).await;
    assert!(report.complete, "{report}");
    let stats = report.stats;
    assert_eq!((stats.delivered, stats.dropped.rejected), (1020, 1));
    for n in 0..10 {
        let entries = redis.entries(&format!("job_events:job_{n}"));
        let events = 102 + u64::from(n == 3);
        let expected: Vec<_> = (0..events).filter(|seq| n != 3 || *seq != 52).collect();
        assert_eq!(seqs(&entries), expected, "job_{n}");
    }
    let reader = Reader::connect(redis.reader_url()).unwrap();
    let mut watch = reader.watch("job_3").unwrap();
    let mut gaps = Vec::new();
    while let Some(item) = watch.next().await {
        if let Item::Gap(gap) = item.unwrap() {
            gaps.push((gap.first, gap.count));
        }
    }
    assert_eq!(gaps, [(52, 1)]);
}

/// Row 24, while it is found out: in a process of its own, for what that uses is looked at.
#[tokio::test(flavor = "multi_thread")]
async fn while_a_suspect_is_alone_on_its_way_the_worker_is_at_rest_and_others_wait() {
    if scenario().is_none() {
        let test = "while_a_suspect_is_alone_on_its_way_the_worker_is_at_rest_and_others_wait";
        return Program::again(test, "alone").run().passed();
    }
    let redis = TestRedis::start();
    let proxy = Proxy::to(&redis);
    proxy.rule(Way::ToServer, Rule::CutOn(b"evil".to_vec(), End::Reset));
    let publisher = Publisher::connect(proxy.url()).unwrap();
    let suspect = publisher.job("job_001", "evil").unwrap();
    proxy.wait(|traffic| traffic.connections > 3);
    proxy.door(Door::Shut);
    proxy.cut(End::Reset);
    proxy.wait(|traffic| traffic.open == 0);
    // That is asked before the suspect is sent once more.
    proxy.rule(Way::ToServer, Rule::HoldOn(b"XINFO".to_vec()));
    proxy.door(Door::Open);
    proxy.wait(|traffic| traffic.caught > 0);
    let other = publisher.job("job_002", "t").unwrap();
    (0..100_u64).for_each(|n| other.emit("row", Fields::new().field("n", &n)));
    let (began, before) = (Instant::now(), used());
    wait_until("time passes", || began.elapsed() > Duration::from_secs(1));
    let busy = used() - before;
    assert!(busy < Duration::from_millis(100), "it is at rest: {busy:?}");
    assert_eq!(publisher.stats().delivered, 0);
    proxy.heal();
    suspect.completed(&());
    other.completed(&());
    assert!(publisher.flush(IN_TIME).await.complete);
    for (job, events) in [("job_001", 2), ("job_002", 102)] {
        let entries = redis.entries(&format!("job_events:{job}"));
        assert_eq!(seqs(&entries), (0..events).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn what_is_past_its_time_is_dropped_and_a_runs_start_and_end_are_not() {
    let mut redis = TestRedis::start();
    redis.kill();
    let publisher = Publisher::builder()
        .url(redis.url())
        .delivery_timeout(Duration::from_millis(300))
        .connect()
        .unwrap();
    let job = publisher.job("job_001", "t").unwrap();
    (0..50u64).for_each(|n| job.emit("row", Fields::new().field("n", &n)));
    job.completed(&());
    let error = publisher
        .publish_event("job_002", &serde_json::json!({"event_type": "row"}))
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.may_still_arrive()),
        (ErrorKind::Timeout, false)
    );
    let text = error.to_string();
    assert!(
        text.ends_with(
            "has not taken row within the `delivery_timeout`; it was dropped and will not arrive"
        ),
        "{text}"
    );
    redis.restart();
    let report = publisher.flush(IN_TIME).await;
    assert!(report.complete, "{report}");
    assert_eq!(
        (report.stats.delivered, report.stats.dropped.expired),
        (2, 51)
    );
    assert_eq!(seqs(&redis.entries("job_events:job_001")), [0, 51]);
}
