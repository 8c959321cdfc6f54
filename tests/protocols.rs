//! What a server says in RESP3, which is asked for by `?protocol=resp3`, means what it means in RESP2.
#![allow(clippy::unwrap_used)]

mod followed;

use std::time::{Duration, Instant};

use followed::{followed, history};
use stream_events::{Event, Fields, Publisher, Reader};
use support::TestRedis;

const SOON: Duration = Duration::from_secs(30);
const SHORT: Duration = Duration::from_millis(100);

const PROTOCOLS: [&str; 2] = ["?protocol=resp2", "?protocol=resp3"];

#[tokio::test]
async fn a_job_is_written_and_followed_in_either_protocol() {
    let redis = TestRedis::start();
    for (protocol, job_id) in PROTOCOLS.into_iter().zip(["two", "three"]) {
        let url = redis.url() + protocol;
        let publisher = Publisher::connect(&url).unwrap();
        let job = publisher.job(job_id, "t").unwrap();
        let reader = Reader::connect(&url).unwrap();
        let watch = reader.watch(job_id).unwrap();
        for n in 0..300 {
            job.emit("row", Fields::new().field("n", &n));
        }
        job.completed(&());
        assert!(publisher.flush(SOON).await.complete);
        for events in [followed(watch).await, history(&reader, job_id).await] {
            let seqs: Vec<_> = events.iter().filter_map(Event::seq).collect();
            assert_eq!(seqs, (0..302).collect::<Vec<_>>(), "{protocol}");
        }
        let info = reader.stream_info(job_id).await.unwrap().unwrap();
        assert_eq!(info.length, 302);
        assert_eq!(info.last_event.unwrap().seq(), Some(301));
    }
}

#[tokio::test]
async fn runs_that_are_lost_are_found_in_either_protocol() {
    let redis = TestRedis::start();
    for protocol in PROTOCOLS {
        for job in ["a", "b", "c"] {
            redis.abandon(&format!("job_events:{job}"), "job_index:active");
        }
        let url = redis.url() + protocol;
        let mut reaper = Reader::connect(url).unwrap().with_grace(SHORT).reaper();
        let (mut lost, began) = (Vec::new(), Instant::now());
        while lost.len() < 3 {
            assert!(began.elapsed() < SOON, "{lost:?}");
            let found = reaper.reap().await.unwrap().into_iter();
            lost.extend(found.map(|lost| lost.job_id.to_string()));
        }
        lost.sort();
        assert_eq!(lost, ["a", "b", "c"], "{protocol}");
        redis.run(&["FLUSHALL"]);
    }
}
