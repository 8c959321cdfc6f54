//! A server that has lost what it acknowledged: a crash without a disk, a power cut, a failover. What
//! the publisher still has is there again, in its place.
#![allow(clippy::unwrap_used)]

mod rows;

use std::time::Duration;

use rows::{acknowledged, emit_rows, flushed, holds};
use stream_events::{Durability, ErrorKind, Item, Job, Publisher, Status};
use support::{Proxy, Rule, TestRedis, Way, seqs, wait_until};

/// Row 2 without a file: all is gone.
#[tokio::test]
async fn a_server_that_comes_back_empty_gets_what_it_had() {
    let mut redis = TestRedis::start();
    let publisher = Publisher::connect(redis.url()).unwrap();
    let done = publisher.job("job_001", "t").unwrap();
    let open = publisher.job("job_002", "t").unwrap();
    done.completed(&"done");
    acknowledged(&publisher, &open, 300).await;
    let before = ["job_events:job_001", "job_events:job_002"].map(|key| redis.entries(key));
    redis.kill();
    redis.restart();
    acknowledged(&publisher, &open, 10).await;
    let after = ["job_events:job_001", "job_events:job_002"].map(|key| redis.entries(key));
    assert_eq!(after[0], before[0], "under the same ids");
    assert_eq!(after[1][..301], before[1][..]);
    assert_eq!(seqs(&after[1]), (0..311).collect::<Vec<_>>());
    let stats = publisher.stats();
    assert_eq!((stats.replayed, stats.delivered), (303, 313));
    let ttl = redis.kept("job_events:job_001");
    assert!(
        (1..=24 * 3600).contains(&ttl),
        "no stream is immortal: {ttl}"
    );
}

/// Row 2 without a file, and beyond what is kept: what is gone is a gap.
#[tokio::test]
async fn what_is_not_kept_for_a_server_that_comes_back_empty_is_a_gap() {
    let mut redis = TestRedis::start();
    let publisher = Publisher::builder()
        .url(redis.url())
        .replay_bytes(0)
        .connect()
        .unwrap();
    let job = publisher.job("job_001", "t").unwrap();
    acknowledged(&publisher, &job, 99).await;
    redis.kill();
    redis.restart();
    acknowledged(&publisher, &job, 10).await;
    job.completed(&());
    flushed(&publisher).await;
    let mut watch = publisher.reader().watch("job_001").unwrap();
    let mut seen = Vec::new();
    while let Some(item) = watch.next().await {
        match item.unwrap() {
            Item::Gap(gap) => assert_eq!((gap.first, gap.count), (0, 100)),
            Item::Event(event) => seen.extend(event.seq()),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(seen, (100..111).collect::<Vec<_>>());
}

/// Row 18: a power cut takes what the file has not been synced with.
#[tokio::test]
async fn what_a_power_cut_took_is_sent_again_and_the_rest_is_not_doubled() {
    let mut redis = TestRedis::with(&["--appendonly", "yes", "--appendfsync", "everysec"]);
    let publisher = Publisher::connect(redis.url()).unwrap();
    let job = publisher.job("job_001", "t").unwrap();
    acknowledged(&publisher, &job, 100).await;
    let synced = redis.aof_length();
    acknowledged(&publisher, &job, 50).await;
    job.completed(&());
    flushed(&publisher).await;
    redis.kill();
    redis.truncate_aof(synced);
    redis.restart();
    let another = publisher.job("job_002", "t").unwrap();
    acknowledged(&publisher, &another, 1).await;
    holds(&redis, "job_001", 152);
    assert_eq!(publisher.stats().replayed, 51);
}

/// A replica that has what was written so far, and gets nothing more.
struct Replicated {
    master: TestRedis,
    replica: TestRedis,
    /// By which the replica follows.
    _link: Proxy,
    client: Proxy,
    publisher: Publisher,
    job: Job,
}

impl Replicated {
    async fn cut_off() -> Self {
        let (master, replica) = (TestRedis::start(), TestRedis::start());
        let link = Proxy::to(&master);
        let client = Proxy::to(&master);
        replica.run(&["REPLICAOF", "127.0.0.1", &link.port().to_string()]);
        let publisher = Publisher::connect(client.url()).unwrap();
        let job = publisher.job("job_001", "t").unwrap();
        acknowledged(&publisher, &job, 100).await;
        wait_until("the replica has it", || {
            replica.entries("job_events:job_001").len() == 101
        });
        link.rule(Way::ToClient, Rule::Swallow);
        Self {
            master,
            replica,
            _link: link,
            client,
            publisher,
            job,
        }
    }

    /// The replica takes over; its name does not lead there yet.
    fn fail_over(&mut self) -> &TestRedis {
        self.master.kill();
        self.replica.promote();
        &self.replica
    }

    /// Now it does.
    fn rename(&self) {
        self.client.retarget(self.replica.port());
    }
}

/// Rows 16 and 21: the replica that takes over, also the name, never saw the last events.
#[tokio::test]
async fn a_failover_that_loses_the_last_events_gets_them_again() {
    let mut redis = Replicated::cut_off().await;
    acknowledged(&redis.publisher, &redis.job, 50).await;
    redis.fail_over();
    redis.rename();
    acknowledged(&redis.publisher, &redis.job, 10).await;
    holds(&redis.replica, "job_001", 161);
    assert_eq!(redis.publisher.stats().replayed, 50);
}

/// Row 16: a reaper that comes to the replica first writes above what that never saw. The run goes on behind its
/// word, which that takes back.
#[tokio::test]
async fn what_a_failover_lost_goes_above_what_others_have_written_meanwhile() {
    let mut redis = Replicated::cut_off().await;
    emit_rows(&redis.job, 50);
    redis.job.completed(&"done");
    flushed(&redis.publisher).await;
    let said = format!(r#"{{"run":"{}","error_kind":"lost"}}"#, redis.job.run_id());
    let lost = ["timestamp", "", "event_type", "task_failed"];
    let entry = ["XADD", "job_events:job_001", "*", "data", &said];
    redis.fail_over().run(&[&entry[..], &lost[..]].concat());
    redis.rename();
    let another = redis.publisher.job("job_002", "t").unwrap();
    acknowledged(&redis.publisher, &another, 1).await;
    holds(&redis.replica, "job_001", 152);
    assert_eq!(redis.replica.entries("job_events:job_001").len(), 153);
    assert_eq!(redis.publisher.stats().replayed, 51);
    let reader = redis.publisher.reader();
    let state = reader.state("job_001").await.unwrap().unwrap();
    assert_eq!((state.status, state.missing), (Status::Completed, 0));
    assert_eq!(state.result.unwrap().read::<String>().unwrap(), "done");
}

/// Row 16: to see what is there may take as long as it takes, however large events are and slow the network is.
#[tokio::test]
async fn what_a_failover_lost_is_found_out_page_by_page() {
    let mut redis = Replicated::cut_off().await;
    let large = "x".repeat(250_000);
    let said = format!(r#"{{"large":"{large}"}}"#);
    let entry = |said| {
        [
            "XADD",
            "job_events:job_001",
            "*",
            "data",
            said,
            "timestamp",
            "",
            "event_type",
            "row",
        ]
    };
    acknowledged(&redis.publisher, &redis.job, 50).await;
    let server = redis.fail_over();
    for _ in 0..48 {
        server.run(&entry(&said));
    }
    redis.client.rule(Way::ToClient, Rule::Drip(1_500_000));
    redis.rename();
    let another = redis.publisher.job("job_002", "t").unwrap();
    acknowledged(&redis.publisher, &another, 1).await;
    redis.client.heal();
    holds(&redis.replica, "job_001", 151);
    assert_eq!(redis.publisher.stats().replayed, 50);
}

/// Row 19: a key that an operator deletes on a server that is well stays deleted.
#[tokio::test]
async fn what_was_deleted_is_not_brought_back() {
    let redis = TestRedis::start();
    let publisher = Publisher::connect(redis.url()).unwrap();
    let job = publisher.job("job_001", "t").unwrap();
    acknowledged(&publisher, &job, 10).await;
    redis.run(&["DEL", "job_events:job_001"]);
    redis.kill_connections();
    acknowledged(&publisher, &job, 1).await;
    assert_eq!(seqs(&redis.entries("job_events:job_001")), [11]);
    assert_eq!(publisher.stats().replayed, 0);
}

/// An end waits for its replica, and for nothing else.
#[tokio::test]
async fn an_end_is_delivered_once_its_replica_has_it() {
    let (master, replica) = (TestRedis::start(), TestRedis::start());
    replica.follow(&master);
    let builder = Publisher::builder().url(master.url());
    let builder = builder.durability(Durability::Replicated(1));
    let patient = builder.clone().connect().unwrap();
    patient
        .publish_task_started("job_001", "t", &())
        .await
        .unwrap();
    patient
        .publish_task_completed("job_001", "t", &(), &())
        .await
        .unwrap();
    assert_eq!(seqs(&replica.entries("job_events:job_001")), [0, 1]);

    replica.freeze();
    // One try to confirm takes 2.5 s.
    let builder = builder.publish_timeout(Duration::from_secs(3));
    let publisher = builder.connect().unwrap();
    publisher
        .publish_task_started("job_002", "t", &())
        .await
        .expect("a start waits for no replica");
    let end = publisher.publish_task_completed("job_002", "t", &(), &());
    let error = end.await.unwrap_err();
    assert_eq!(
        (error.kind(), error.may_still_arrive()),
        (ErrorKind::Timeout, true)
    );
    assert_eq!(seqs(&master.entries("job_events:job_002")), [0, 1]);
    assert_eq!(
        publisher.stats().pending,
        1,
        "it is there, and not yet safe"
    );
    replica.thaw();
    flushed(&publisher).await;
    assert_eq!(seqs(&replica.entries("job_events:job_002")), [0, 1]);
    assert_eq!(publisher.stats().unconfirmed, 0);
}

/// Row 18 at the level that a power cut cannot reach; on a server before 7.2, which has no such
/// level, the end counts all the same and that is counted.
#[tokio::test]
async fn an_end_is_on_the_disk_before_it_counts_where_the_server_can() {
    let mut redis = TestRedis::with(&["--appendonly", "yes", "--appendfsync", "everysec"]);
    let publisher = Publisher::builder()
        .url(redis.url())
        .durability(Durability::Fsynced)
        .replay_bytes(0)
        .connect()
        .unwrap();
    let job = publisher.job("job_001", "t").unwrap();
    job.completed(&());
    flushed(&publisher).await;
    let stats = publisher.stats();
    let waited = redis.info("commandstats", "cmdstat_waitaof");
    assert_eq!(
        (stats.delivered, stats.unconfirmed),
        (2, u64::from(waited.is_empty()))
    );
    let synced = redis.aof_length();
    redis.kill();
    redis.truncate_aof(synced);
    redis.restart();
    assert_eq!(seqs(&redis.entries("job_events:job_001")), [0, 1]);
}
