//! Several jobs watched as one.
#![allow(clippy::unwrap_used)]

use std::time::Duration;

use stream_events::{EventId, Item, Publisher};
use support::TestRedis;
use tokio::time::timeout;

const SOON: Duration = Duration::from_secs(60);

#[tokio::test]
async fn what_is_no_stream_is_an_error_of_its_own_watch_alone() {
    let redis = TestRedis::start();
    redis.occupy("job_events:1");
    let publisher = Publisher::connect(redis.url()).unwrap();
    let _first = publisher.job("0", "t").unwrap();
    let reader = publisher.reader();
    let mut many = reader.watch_many(["0", "1", "2"]).unwrap();
    let mut said = Vec::new();
    for _ in 0..2 {
        let (job, item) = timeout(SOON, many.next()).await.unwrap().unwrap();
        said.push((job.to_string(), item.is_ok()));
    }
    said.sort();
    assert_eq!(said, [("0".to_owned(), true), ("1".to_owned(), false)]);
    publisher.job("2", "t").unwrap().completed(&());
    let (job, item) = timeout(SOON, many.next()).await.unwrap().unwrap();
    assert_eq!((job.as_str(), item.is_ok()), ("2", true));
}

#[tokio::test]
async fn several_jobs_are_followed_as_one_and_go_on_where_they_were() {
    let redis = TestRedis::start();
    for url in [redis.url().as_str(), "memory:several"] {
        let publisher = Publisher::connect(url).unwrap();
        let names = ["a", "b", "c"];
        let jobs = names.map(|name| publisher.job(name, "t").unwrap());
        let reader = publisher.reader();
        let mut many = reader.watch_many(names).unwrap();
        let mut ids = [EventId::ZERO; 3];
        for _ in 0..3 {
            let (job, item) = timeout(SOON, many.next()).await.unwrap().unwrap();
            let Item::Event(event) = item.unwrap() else {
                panic!()
            };
            let at = names.iter().position(|name| *name == job.as_str()).unwrap();
            assert_eq!(
                event.field::<String>("job_id").unwrap().as_deref(),
                Some(job.as_str())
            );
            ids[at] = event.id();
        }
        jobs.into_iter().for_each(|job| job.completed(&()));
        // The last begins anew.
        let again = reader
            .watch_many(names)
            .unwrap()
            .after(ids[..2].iter().copied());
        for (mut many, expected) in [(many, 3), (again, 4)] {
            let mut ends = 0;
            for _ in 0..expected {
                let (_, item) = timeout(SOON, many.next()).await.unwrap().unwrap();
                let Item::Event(event) = item.unwrap() else {
                    panic!()
                };
                ends += usize::from(event.is_terminal());
            }
            assert_eq!(ends, 3);
            assert!(timeout(SOON, many.next()).await.unwrap().is_none());
        }
        assert!(reader.watch_many(["a", "b{"]).is_err());
    }
}

#[tokio::test]
async fn a_job_that_is_named_twice_is_followed_once() {
    let publisher = Publisher::connect("memory:named_twice").unwrap();
    publisher.job("a", "t").unwrap().completed(&());
    let many = publisher.reader().watch_many(["a", "a"]).unwrap();
    assert_eq!(futures_util::StreamExt::count(many).await, 2);
}
