//! Row 41: a read that waited in vain is followed by one that begins where it began. What came between
//! the two is not lost, as it would be after `$`.
#![allow(clippy::unwrap_used)]

use std::time::Duration;

use stream_events::{Fields, Item, Publisher};
use support::{TestRedis, wait_until};

const SOON: Duration = Duration::from_secs(30);
/// A read waits no longer than this for the first event, nor less than 25 ms.
const SHORT: Duration = Duration::from_millis(30);

#[tokio::test]
async fn what_comes_between_two_reads_is_not_lost() {
    let redis = TestRedis::start();
    let publisher = Publisher::connect(redis.url()).unwrap();
    let job = publisher.job("job_001", "t").unwrap();
    assert!(publisher.flush(SOON).await.complete);
    let reader = publisher.reader().with_grace(SHORT);
    let newest = reader
        .stream_info("job_001")
        .await
        .unwrap()
        .unwrap()
        .last_id;
    let mut watch = reader.watch("job_001").unwrap().after(newest);
    for n in 0..20_u64 {
        // It reads, maybe more than once, and then nobody polls it.
        let nothing = tokio::time::timeout(2 * SHORT, watch.next()).await;
        assert!(nothing.is_err(), "{nothing:?}");
        wait_until("no read waits", || {
            redis.info("clients", "blocked_clients") == "0"
        });
        job.emit("row", Fields::new().field("n", &n));
        assert!(publisher.flush(SOON).await.complete);
        let row = tokio::time::timeout(SOON, watch.next()).await;
        let Item::Event(event) = row.expect("it comes").unwrap().unwrap() else {
            panic!("nothing is missing")
        };
        assert_eq!(event.field::<u64>("n").unwrap(), Some(n));
    }
    job.completed(&());
}
