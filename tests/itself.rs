//! A job is no replay of itself, by whichever URL its store is reached.
#![allow(clippy::unwrap_used)]

mod followed;

use std::time::Duration;

use followed::history;
use stream_events::{ErrorKind, Fields, Publisher, Reader, Replay};
use support::TestRedis;

const SOON: Duration = Duration::from_secs(30);

/// The job leaves three events.
async fn has_run(publisher: &Publisher) {
    let job = publisher.job("job_001", "import").unwrap();
    job.emit("row", Fields::new().field("n", &1));
    job.completed(&());
    assert!(publisher.flush(SOON).await.complete);
}

fn at_once(reader: &Reader, job: &str) -> Replay {
    reader.replay(job).unwrap().speed(f64::INFINITY)
}

#[tokio::test]
async fn a_job_is_no_replay_of_itself() {
    let publisher = Publisher::connect("memory:itself").unwrap();
    has_run(&publisher).await;
    let error = at_once(&publisher.reader(), "job_001")
        .to(&publisher, "job_001")
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidJobId);
    assert!(
        error
            .to_string()
            .starts_with("the job id \"job_001\" is that of the job that is replayed;"),
        "{error}"
    );
    assert_eq!(history(&publisher.reader(), "job_001").await.len(), 3);
    // In another store it is another job.
    let other = Publisher::connect("memory:other").unwrap();
    at_once(&publisher.reader(), "job_001")
        .to(&other, "job_001")
        .await
        .unwrap();
    assert_eq!(history(&other.reader(), "job_001").await.len(), 3);
}

/// Its URL does not tell which job it is: a store has several, and what is shown of them has no parameters.
#[tokio::test]
async fn a_job_is_known_for_itself_by_any_url_of_its_store() {
    let redis = TestRedis::start();
    let url = format!("redis://127.0.0.1:{}", redis.port());
    let publisher = Publisher::connect(&*url).unwrap();
    has_run(&publisher).await;
    let copied = async |to: String| {
        let to = Publisher::connect(to).unwrap();
        let replay = at_once(&publisher.reader(), "job_001");
        replay.to(&to, "job_001").await
    };
    for same in [
        format!("{url}/"),
        format!("{url}/0?protocol=resp3"),
        url.replace("127.0.0.1", "localhost"),
        redis.socket_url(),
    ] {
        let error = copied(same.clone()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidJobId, "{same}: {error}");
    }
    assert_eq!(redis.entries("job_events:job_001").len(), 3);
    let other = format!("{}?db=1", redis.socket_url());
    assert_eq!(copied(other.clone()).await.unwrap().events, 3);
    // What is shown of both is the same.
    let from = Reader::connect(redis.socket_url()).unwrap();
    redis.run(&["FLUSHALL"]);
    has_run(&publisher).await;
    let to = Publisher::connect(other).unwrap();
    assert_eq!(from.store(), to.store());
    let copied = at_once(&from, "job_001").to(&to, "job_001").await;
    assert_eq!(copied.unwrap().events, 3);
}
