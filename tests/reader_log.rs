//! The lines that an operator reads about those who read: what they wait for, and why they are refused.
#![allow(clippy::unwrap_used)]

mod lines;
mod served;

use lines::log;
use served::service::Service;
use stream_events::{Publisher, Reader};
use support::TestRedis;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn watches_say_once_for_all_that_they_wait_for_a_store_that_is_away() {
    let log = log();
    let mut redis = TestRedis::start();
    let url = redis.url();
    let reader = Reader::connect(&url).unwrap();
    redis.kill();
    let first = |n| {
        let mut watch = reader.watch(format!("job_{n}")).unwrap();
        tokio::spawn(async move { watch.next().await.unwrap().is_ok() })
    };
    let watches: Vec<_> = (0..20).map(first).collect();
    let said = log.wait_for(&["WARN stream_events", &url, "cannot be reached: "]);
    assert!(said.ends_with("; who follows jobs there waits"), "{said}");
    redis.restart();
    let publisher = Publisher::connect(&url).unwrap();
    let _jobs: Vec<_> = (0..20)
        .map(|n| publisher.job(format!("job_{n}"), "t").unwrap())
        .collect();
    for watch in watches {
        assert!(watch.await.unwrap());
    }
    assert_eq!(log.count(&format!("{url} cannot be reached")), 1);
}

#[tokio::test]
async fn why_a_caller_over_http_is_refused_is_said_once() {
    let log = log();
    let redis = TestRedis::start();
    let service = Service::open(&redis.url().replace("//", "//:s3cret@")).await;
    for _ in 0..3 {
        let answer = reqwest::get(service.url("/jobs/job_001")).await.unwrap();
        assert_eq!(answer.status(), 502);
    }
    let refused = format!("{} refused the read: ", redis.url());
    let said = log.wait_for(&["WARN stream_events", &refused]);
    let told = "; who asks over HTTP is told no reason";
    assert!(said.ends_with(told), "{said}");
    assert_eq!((log.count(&refused), log.count("s3cret")), (1, 0));
}
