//! Following a job: from the start, from the middle, through an outage, to its end.
#![allow(clippy::unwrap_used)]

mod followed;

use std::time::Duration;

use followed::next;
use stream_events::{ErrorKind, EventId, EventType, Fields, Item, Publisher, Reader, Watch};
use support::TestRedis;

const SOON: Duration = Duration::from_secs(30);

/// All that a watch yields, as `type` of events and `+count` of gaps; with a deadline, so that a
/// watch that never ends fails its test.
async fn all(watch: &mut Watch) -> Vec<String> {
    let items = async {
        let mut items = Vec::new();
        while let Some(item) = watch.next().await {
            items.push(match item.unwrap() {
                Item::Event(event) => event.event_type().to_string(),
                Item::Gap(gap) => format!("+{}", gap.count),
                other => panic!("{other:?}"),
            });
        }
        items
    };
    tokio::time::timeout(SOON, items)
        .await
        .expect("the watch ends")
}

/// Row 43: it ended before the watch began.
#[tokio::test]
async fn resuming_after_each_event_finds_the_rest_once() {
    let redis = TestRedis::start();
    let publisher = Publisher::connect(redis.url()).unwrap();
    let job = publisher.job("job_001", "t").unwrap();
    for n in 0..20 {
        job.emit("row", Fields::new().field("n", &n));
    }
    job.completed(&());
    assert!(publisher.flush(SOON).await.complete);
    let reader = Reader::connect(redis.reader_url()).unwrap();
    let mut ids = vec![EventId::ZERO];
    let mut watch = reader.watch("job_001").unwrap();
    for _ in 0..22 {
        ids.push(next(&mut watch).await.id());
    }
    assert!(watch.next().await.is_none());
    for (seen, id) in ids.into_iter().chain([EventId::MAX]).enumerate() {
        let mut watch = reader.watch("job_001").unwrap().after(id);
        for seq in seen.min(22)..22 {
            assert_eq!(next(&mut watch).await.seq(), Some(seq as u64));
        }
        // Also where it began after the end, and however often it is asked.
        assert!(all(&mut watch).await.is_empty() && watch.next().await.is_none());
    }
}

#[tokio::test]
async fn events_come_live_while_another_watch_waits() {
    let redis = TestRedis::start();
    let publisher = Publisher::connect(redis.url()).unwrap();
    let reader = publisher.reader();
    let mut waiting = reader.watch("another").unwrap();
    let other = tokio::spawn(async move { waiting.next().await });
    let mut watch = reader.watch("job_001").unwrap();
    let job = publisher.job("job_001", "t").unwrap();
    assert_eq!(next(&mut watch).await.event_type(), &EventType::TaskStarted);
    for n in 0..50_u64 {
        job.emit("row", Fields::new().field("n", &n));
        assert_eq!(next(&mut watch).await.field::<u64>("n").unwrap(), Some(n));
    }
    job.completed(&());
    assert_eq!(all(&mut watch).await, ["task_completed"]);
    assert_eq!(reader.stream_length("job_001").await.unwrap(), 52);
    other.abort();
}

#[tokio::test]
async fn a_quiet_job_is_followed_for_longer_than_one_read_waits() {
    let redis = TestRedis::start();
    let publisher = Publisher::connect(redis.url()).unwrap();
    let mut watch = publisher.reader().watch("job_001").unwrap();
    let waited = tokio::time::timeout(Duration::from_secs(6), watch.next()).await;
    assert!(waited.is_err(), "nothing has happened: {waited:?}");
    let job = publisher.job("job_001", "t").unwrap();
    job.completed(&());
    assert_eq!(all(&mut watch).await, ["task_started", "task_completed"]);
}

#[tokio::test]
async fn a_retry_is_followed_to_its_own_end() {
    let redis = TestRedis::start();
    let publisher = Publisher::connect(redis.url()).unwrap();
    publisher.job("job_001", "t").unwrap().failed("once");
    publisher.job("job_001", "t").unwrap().completed(&());
    assert!(publisher.flush(SOON).await.complete);
    let mut watch = publisher.reader().watch("job_001").unwrap();
    assert_eq!(
        all(&mut watch).await,
        [
            "task_started",
            "task_failed",
            "task_started",
            "task_completed"
        ]
    );
}

/// Row 46
#[tokio::test]
async fn a_watch_goes_on_after_the_server_was_gone() {
    let mut redis = TestRedis::with_aof();
    let publisher = Publisher::connect(redis.url()).unwrap();
    let mut watch = publisher.reader().watch("job_001").unwrap();
    let job = publisher.job("job_001", "t").unwrap();
    assert_eq!(next(&mut watch).await.event_type(), &EventType::TaskStarted);
    redis.kill();
    job.progress("meanwhile");
    redis.restart();
    job.completed(&());
    assert_eq!(all(&mut watch).await, ["task_progress", "task_completed"]);
}

/// Row 42
#[tokio::test]
async fn what_was_trimmed_before_the_watch_is_a_gap() {
    let redis = TestRedis::start();
    let publisher = Publisher::connect(redis.url()).unwrap();
    let job = publisher.job("job_001", "t").unwrap();
    for n in 0..10 {
        job.emit("row", Fields::new().field("n", &n));
    }
    job.completed(&());
    assert!(publisher.flush(SOON).await.complete);
    redis.run(&["XTRIM", "job_events:job_001", "MAXLEN", "2"]);
    let mut watch = publisher.reader().watch("job_001").unwrap();
    assert_eq!(all(&mut watch).await, ["+10", "row", "task_completed"]);
}

/// Row 47
#[tokio::test]
async fn entries_of_others_come_through_as_they_are() {
    let redis = TestRedis::start();
    let mut client = redis.client();
    let mut add = |fields: &[(&str, &[u8])]| {
        let mut add = redis::cmd("XADD");
        add.arg("job_events:job_001").arg("*");
        fields.iter().for_each(|(name, value)| {
            add.arg(name).arg(value);
        });
        add.exec(&mut client).unwrap();
    };
    add(&[
        ("data", b"{\"event_type\":\"task_progress\",\"n\":NaN}"),
        ("timestamp", b""),
        ("event_type", b"task_progress"),
    ]);
    add(&[("data", b"\xff\xfe"), ("other", b"1")]);
    add(&[("completely", b"different")]);
    add(&[
        ("data", br#"{"progress": "\ud800"}"#),
        ("timestamp", b"2026-11-23T20:23:45"),
        ("event_type", b""),
    ]);
    add(&[("data", b"{}"), ("event_type", b"task_completed")]);
    let mut watch = Reader::connect(redis.reader_url())
        .unwrap()
        .watch("job_001")
        .unwrap();
    assert_eq!(
        next(&mut watch).await.raw("data"),
        Some(&b"{\"event_type\":\"task_progress\",\"n\":NaN}"[..])
    );
    assert_eq!(next(&mut watch).await.raw("data"), Some(&b"\xff\xfe"[..]));
    assert_eq!(
        next(&mut watch).await.raw("completely"),
        Some(&b"different"[..])
    );
    let naive = next(&mut watch).await.timestamp();
    assert_eq!(
        naive
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap()
            .as_secs(),
        1_795_465_425
    );
    assert_eq!(all(&mut watch).await, ["task_completed"]);
}

#[tokio::test]
async fn a_store_that_refuses_is_an_error_and_the_end() {
    let redis = TestRedis::start();
    redis.occupy("job_events:taken");
    let reader = Reader::connect(redis.reader_url()).unwrap();
    let mut watch = reader.watch("taken").unwrap();
    let error = watch.next().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Rejected);
    assert!(
        error.to_string().contains("refused the read: WRONGTYPE"),
        "{error}"
    );
    assert!(watch.next().await.is_none());
    let mut history = reader.history("taken").unwrap();
    assert_eq!(
        history.next().await.unwrap().unwrap_err().kind(),
        ErrorKind::Rejected
    );
    assert!(history.next().await.is_none());
    assert_eq!(
        reader.watch("a\nb").unwrap_err().kind(),
        ErrorKind::InvalidJobId
    );
}

/// Row 13
#[tokio::test]
async fn a_wrong_password_is_an_error_that_does_not_show_it() {
    let redis = TestRedis::with(&["--requirepass", "right"]);
    for (url, said) in [
        (
            redis.url().replace("//", "//:wr0ng@"),
            "Password authentication failed",
        ),
        (redis.url(), "NOAUTH"),
    ] {
        let reader = Reader::connect(url).unwrap();
        let of_watch = reader
            .watch("job_001")
            .unwrap()
            .next()
            .await
            .unwrap()
            .unwrap_err();
        let of_info = reader.stream_info("job_001").await.unwrap_err();
        for error in [of_watch, of_info] {
            assert_eq!(error.kind(), ErrorKind::Rejected);
            let text = format!("{error} {error:?}");
            assert!(text.contains(said) && !text.contains("wr0ng"), "{text}");
        }
    }
}

#[test]
fn a_reader_outlives_the_runtime_that_used_it_first() {
    let redis = TestRedis::start();
    let reader = Reader::connect(redis.reader_url()).unwrap();
    for _ in 0..2 {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        assert_eq!(
            runtime.block_on(reader.stream_length("job_001")).unwrap(),
            0
        );
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_an_error_for_what_answers_at_once() {
    let mut redis = TestRedis::start();
    redis.kill();
    let error = Reader::connect(redis.reader_url())
        .unwrap()
        .stream_info("job_001")
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(
        error
            .to_string()
            .starts_with(redis.url().trim_end_matches('/')),
        "{error}"
    );
}
