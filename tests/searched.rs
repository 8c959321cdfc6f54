//! Events of all jobs, searched by a query.
#![allow(clippy::unwrap_used)]

mod pages;
mod rows;

use pages::{begun, query};
use rows::flushed;
use stream_events::{Error, ErrorKind, Event, Fields, JobId, Publisher, Reader};
use support::TestRedis;

/// The job and the number of each event.
async fn found(reader: &Reader, text: &str) -> Vec<(String, Option<u64>)> {
    let mut events = reader.events(query(text));
    let mut found = Vec::new();
    while let Some(event) = events.next().await {
        let (job, event) = event.unwrap();
        found.push((job.to_string(), event.field("n").unwrap()));
    }
    found
}

async fn searched(url: &str) {
    let publisher = Publisher::connect(url).unwrap();
    let reader = publisher.reader();
    assert_eq!(found(&reader, "").await, []);
    for name in ["job_a", "job_b", "job_c"] {
        let job = begun(&publisher, name).await;
        for n in 0..3_u64 {
            job.emit("row", Fields::new().field("n", &n));
        }
        if name == "job_b" {
            job.failed("no more paper");
        } else {
            job.completed(&());
        }
        flushed(&publisher).await;
    }
    let of = |job: &str, n: Option<u64>| (job.to_owned(), n);
    let rows = ["job_c", "job_b", "job_a"].map(|job| [of(job, Some(1)), of(job, Some(2))]);
    assert_eq!(found(&reader, "field.n>0").await, rows.concat());
    assert_eq!(
        found(&reader, r#"type:task_failed error:"more paper" after:-1h"#).await,
        [of("job_b", None)]
    );
    assert_eq!(
        found(&reader, "job:job_a field.n=2").await,
        [of("job_a", Some(2))]
    );
    assert_eq!(found(&reader, "before:-1h").await, []);
}

#[tokio::test]
async fn the_events_of_all_jobs_are_searched_newest_job_first() {
    searched(&TestRedis::start().url()).await;
    searched("memory:searched").await;
}

#[tokio::test]
async fn more_jobs_than_a_page_has_are_all_searched() {
    let publisher = Publisher::connect("memory:searched_pages").unwrap();
    for n in 0..1100 {
        publisher
            .job(format!("job_{n}"), "t")
            .unwrap()
            .completed(&n);
    }
    flushed(&publisher).await;
    let ended = found(&publisher.reader(), "type:task_completed").await;
    assert_eq!(ended.len(), 1100);
}

#[tokio::test]
async fn a_job_that_cannot_be_read_is_left_out_and_a_store_that_is_away_is_an_error() {
    let redis = TestRedis::start();
    let publisher = Publisher::connect(redis.url()).unwrap();
    for name in ["job_a", "job_b"] {
        publisher.job(name, "t").unwrap().completed(&());
        flushed(&publisher).await;
    }
    redis.run(&["DEL", "job_events:job_a"]);
    redis.occupy("job_events:job_a");
    let reader = publisher.reader();
    let ended = found(&reader, "type:task_completed").await;
    assert_eq!(ended, [("job_b".to_owned(), None)]);

    drop(redis);
    let mut events = reader.events(query(""));
    let next: Option<Result<(JobId, Event), Error>> = events.next().await;
    assert_eq!(next.unwrap().unwrap_err().kind(), ErrorKind::Unavailable);
    assert!(events.next().await.is_none());
}
