//! Sentinels who were away while others did a failover, and name the old master still, which takes itself for one.
#![allow(clippy::unwrap_used)]

mod rows;

use std::time::Duration;

use rows::{emit_rows, flushed, master_holds};
use stream_events::{Publisher, Reader};
use support::{Sentinel, TestSentinel, wait_until};

/// Row 14: what the old one takes is lost, and what it has is not what was read of the new one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_knows_of_a_failover_does_not_go_back_behind_it() {
    let mut redis = TestSentinel::start().ready();
    let publisher = Publisher::builder()
        .url(redis.url())
        .publish_timeout(Duration::from_secs(3))
        .connect()
        .unwrap();
    let reader = Reader::connect(redis.url()).unwrap();
    let job = publisher.job("job_001", "t").unwrap();
    flushed(&publisher).await;
    redis.sentinels()[2].kill();
    let old = redis.master();
    let new = redis.fail_over();
    redis.is_demoted(old);
    emit_rows(&job, 10);
    flushed(&publisher).await;
    assert_eq!(reader.stream_length("job_001").await.unwrap(), 11);

    redis.sentinels()[..2].iter_mut().for_each(Sentinel::kill);
    let before = redis.server(old);
    before.promote();
    before.run(&["DEL", "job_events:job_001"]);
    redis.sentinels()[2].restart();
    assert_eq!(redis.master(), old, "it has not heard");
    redis.server(new).kill_connections();
    emit_rows(&job, 10);
    for said in [
        publisher
            .publish_task_started("job_002", "t", &())
            .await
            .unwrap_err()
            .to_string(),
        reader
            .stream_length("job_001")
            .await
            .unwrap_err()
            .to_string(),
    ] {
        assert!(
            said.contains("have yet to hear of the last failover"),
            "{said}"
        );
    }
    assert_eq!(redis.server(old).entries("job_events:job_001").len(), 0);

    redis.sentinels()[..2]
        .iter_mut()
        .for_each(Sentinel::restart);
    wait_until("the others have told it", || redis.master() == new);
    flushed(&publisher).await;
    master_holds(&redis, "job_001", 21);
    assert_eq!(reader.stream_length("job_001").await.unwrap(), 21);
}
