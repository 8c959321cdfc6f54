//! Streams that go, or become something else, in the middle of a job: by an operator's hand, by time,
//! or since the server needs the memory.
#![allow(clippy::unwrap_used)]

use std::time::{Duration, Instant};

use stream_events::{ErrorKind, Fields, Gap, Item, Job, Publisher, Reader};
use support::{TestRedis, seqs};

const IN_TIME: Duration = Duration::from_secs(40);
const KEY: &str = "job_events:job_001";

async fn acknowledged(publisher: &Publisher, job: &Job, rows: u64) {
    (0..rows).for_each(|n| job.emit("row", Fields::new().field("n", &n)));
    let report = publisher.flush(IN_TIME).await;
    assert!(report.complete, "{report}");
}

fn exists(redis: &TestRedis) -> bool {
    let mut command = redis::cmd("EXISTS");
    let keys: u64 = command.arg(KEY).query(&mut redis.client()).unwrap();
    keys > 0
}

/// What a watch of the whole job yields: seqs of events, and gaps.
async fn watched(redis: &TestRedis) -> (Vec<u64>, Vec<Gap>) {
    let mut watch = Reader::connect(redis.reader_url())
        .unwrap()
        .watch("job_001");
    let watch = watch.as_mut().unwrap();
    let (mut seqs, mut gaps) = (Vec::new(), Vec::new());
    while let Some(item) = tokio::time::timeout(IN_TIME, watch.next()).await.unwrap() {
        match item.unwrap() {
            Item::Event(event) => seqs.extend(event.seq()),
            Item::Gap(gap) => gaps.push(gap),
            other => panic!("{other:?}"),
        }
    }
    (seqs, gaps)
}

/// A job whose stream is taken away after eleven events; then come eleven more, and its end.
async fn loses_its_stream(redis: &TestRedis, take: impl AsyncFn(&TestRedis)) {
    let publisher = Publisher::connect(redis.url()).unwrap();
    let job = publisher.job("job_001", "t").unwrap();
    let other = publisher.job("job_002", "t").unwrap();
    let mut live = publisher.reader().watch("job_001").unwrap();
    acknowledged(&publisher, &job, 10).await;
    for seq in 0..11 {
        let item = tokio::time::timeout(IN_TIME, live.next()).await.unwrap();
        let Some(Ok(Item::Event(event))) = item else {
            panic!("{item:?}")
        };
        assert_eq!(event.seq(), Some(seq));
    }
    take(redis).await;
    assert!(!exists(redis));
    acknowledged(&publisher, &job, 11).await;
    job.completed(&());
    other.completed(&());
    acknowledged(&publisher, &job, 0).await;
    let stats = publisher.stats();
    assert_eq!(
        (stats.delivered, stats.dropped.total(), stats.replayed),
        (25, 0, 0)
    );
    // Who has seen what is gone misses nothing, and who has not is told.
    for seq in 11..23 {
        let item = tokio::time::timeout(IN_TIME, live.next()).await.unwrap();
        let Some(Ok(Item::Event(event))) = item else {
            panic!("{item:?}")
        };
        assert_eq!(event.seq(), Some(seq));
    }
    assert!(live.next().await.is_none());
    let (seen, gaps) = watched(redis).await;
    assert_eq!(seen, (11..23).collect::<Vec<_>>());
    let gaps: Vec<_> = gaps.iter().map(|gap| (gap.first, gap.count)).collect();
    assert_eq!(gaps, [(0, 11)]);
    let ttl = redis.kept(KEY);
    assert!(ttl > 0, "the new stream goes in time, too: {ttl}");
}

/// Row 19
#[tokio::test]
async fn a_stream_that_is_deleted_goes_on_behind_a_gap() {
    let redis = TestRedis::start();
    loses_its_stream(&redis, async |redis| redis.run(&["DEL", KEY])).await;
}

/// Row 19
#[tokio::test]
async fn a_server_that_is_emptied_gets_what_comes_after() {
    let redis = TestRedis::start();
    loses_its_stream(&redis, async |redis| redis.run(&["FLUSHALL"])).await;
}

/// Row 19
#[tokio::test]
async fn a_stream_that_is_past_its_time_goes_on_behind_a_gap() {
    let redis = TestRedis::start();
    let expire = async |redis: &TestRedis| {
        redis.run(&["PEXPIRE", KEY, "50"]);
        while exists(redis) {
            tokio::task::yield_now().await;
        }
    };
    loses_its_stream(&redis, expire).await;
}

/// Row 11b: the server throws the stream away for others' sake.
#[tokio::test]
async fn a_stream_that_is_evicted_goes_on_behind_a_gap() {
    let redis = TestRedis::start();
    let evict = async |redis: &TestRedis| {
        let mut client = redis.client();
        redis.configure("maxmemory-policy", "allkeys-random");
        redis.configure("maxmemory", "20mb");
        let until = Instant::now() + IN_TIME;
        let large = "x".repeat(100_000);
        for n in 0.. {
            if n % 100 == 0 && !exists(redis) {
                break;
            }
            assert!(Instant::now() < until, "it is never evicted");
            redis::cmd("SET")
                .arg(n)
                .arg(&large)
                .exec(&mut client)
                .unwrap();
        }
        redis.configure("maxmemory", "0");
    };
    loses_its_stream(&redis, evict).await;
}

/// Row 19: something else stands where the stream was.
#[tokio::test]
async fn where_something_else_is_one_jobs_events_are_dropped_and_no_others() {
    let redis = TestRedis::start();
    let publisher = Publisher::connect(redis.url()).unwrap();
    let job = publisher.job("job_001", "t").unwrap();
    let other = publisher.job("job_002", "t").unwrap();
    acknowledged(&publisher, &job, 10).await;
    redis.occupy(KEY);
    acknowledged(&publisher, &job, 20).await;
    acknowledged(&publisher, &other, 20).await;
    let refused = publisher.publish_event("job_001", &()).await;
    let error = refused.unwrap_err();
    assert_eq!(
        (error.kind(), error.may_still_arrive()),
        (ErrorKind::Rejected, false)
    );
    assert!(error.to_string().contains("WRONGTYPE"), "{error}");
    redis.run(&["DEL", KEY]);
    acknowledged(&publisher, &job, 5).await;
    job.completed(&());
    other.completed(&());
    acknowledged(&publisher, &job, 0).await;
    assert_eq!(publisher.stats().dropped.rejected, 21);
    assert_eq!(
        seqs(&redis.entries("job_events:job_002")),
        (0..22).collect::<Vec<_>>()
    );
    let (seen, gaps) = watched(&redis).await;
    assert_eq!(seen, (32..38).collect::<Vec<_>>());
    let missing: u64 = gaps.iter().map(|gap| gap.count).sum();
    assert_eq!(missing, 32);
}
