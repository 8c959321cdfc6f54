//! Sentinels that are away, wrong or closed: what is said of it, and what goes on all the same.
#![allow(clippy::unwrap_used)]

mod rows;

use std::net::TcpListener;
use std::time::Duration;

use rows::{emit_rows, flushed, holds};
use stream_events::{ErrorKind, Publisher, Reader};
use support::{Log, MASTER, Sentinel, TestRedis, TestSentinel, free_port, url_of, wait_until};
use tokio::time::timeout;

const IN_TIME: Duration = Duration::from_secs(60);

/// Says soon why nothing is taken, once that is known.
fn impatient(url: &str) -> Publisher {
    let builder = Publisher::builder().url(url);
    builder
        .publish_timeout(Duration::from_secs(3))
        .connect()
        .unwrap()
}

/// Why nothing is taken.
async fn refusal(publisher: &Publisher) -> String {
    let refused = publisher.publish_task_started("job_000", "t", &()).await;
    refused.unwrap_err().to_string()
}

/// Row 21: names that lead nowhere, and one that has not heard that its server is a master no more.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sentinels_that_are_away_or_wrong_are_passed_over() {
    let mut redis = TestSentinel::start();
    let demoted = TestRedis::start();
    demoted.demote();
    let wrong = Sentinel::alone(&demoted);
    let away = format!("127.0.0.1:{}", free_port());
    redis.sentinels()[0].kill();
    redis.sentinels()[1].freeze();
    let right = redis.sentinels()[2]
        .address()
        .replace("127.0.0.1", "localhost");
    let silent = redis.sentinels()[1].address();
    let url = format!(
        "redis+sentinel://{},{away},{silent},no.such.invalid,{right}/{MASTER}",
        wrong.address()
    );
    let publisher = Publisher::connect(&*url).unwrap();
    let job = publisher.job("job_001", "t").unwrap();
    emit_rows(&job, 10);
    flushed(&publisher).await;
    holds(redis.server(0), "job_001", 11);
    let history = Reader::connect(&*url)
        .unwrap()
        .stream_length("job_001")
        .await;
    assert_eq!(history.unwrap(), 11);

    let only = impatient(&url_of([&wrong]));
    let why = refusal(&only).await;
    assert!(why.contains("it says `slave` of itself"), "{why}");
    demoted.promote();
    flushed(&only).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_any_sentinel_a_connection_stands_and_a_new_one_waits() {
    let mut redis = TestSentinel::start();
    let url = redis.url();
    let (publisher, reader) = (impatient(&url), Reader::connect(&*url).unwrap());
    let job = publisher.job("job_001", "t").unwrap();
    flushed(&publisher).await;
    assert_eq!(reader.stream_length("job_001").await.unwrap(), 1);
    let taken = redis.server(0).connections_taken();
    redis.sentinels().iter_mut().for_each(Sentinel::kill);
    // Each store asks for the master more than once meanwhile, and is told nothing.
    let deaf = TcpListener::bind(redis.sentinels()[0].address()).unwrap();
    deaf.set_nonblocking(true).unwrap();
    let mut asked = 0;
    wait_until("the master is asked for", || {
        asked += usize::from(deaf.accept().is_ok());
        asked >= 6
    });
    drop(deaf);
    emit_rows(&job, 10);
    flushed(&publisher).await;
    assert_eq!(reader.stream_length("job_001").await.unwrap(), 11);
    assert_eq!(redis.server(0).connections_taken(), taken + 1, "this one's");

    redis.server(0).kill_connections();
    let why = refusal(&publisher).await;
    let said = format!("no sentinel says where the master `{MASTER}` is: ");
    assert!(why.contains(&said), "{why}");
    let error = reader.stream_length("job_001").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    let error = error.to_string();
    assert!(
        error.starts_with(&format!("{} cannot be reached: {said}", url)),
        "{error}"
    );
    for sentinel in redis.sentinels() {
        assert!(
            error.contains(&format!("{}: Connection refused", sentinel.address())),
            "{error}"
        );
    }
    let mut watch = reader.watch("job_001").unwrap();
    let early = timeout(Duration::from_millis(300), watch.next()).await;
    assert!(early.is_err(), "it waits: {early:?}");
    redis.sentinels().iter_mut().for_each(Sentinel::restart);
    let first = timeout(IN_TIME, watch.next()).await;
    first.expect("it has it").unwrap().unwrap();
    emit_rows(&job, 10);
    flushed(&publisher).await;
    holds(redis.server(0), "job_001", 21);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_master_that_nobody_knows_is_an_error_that_names_it() {
    let redis = TestRedis::start();
    let sentinel = Sentinel::alone(&redis);
    let url = format!("redis+sentinel://{}/another", sentinel.address());
    let reader = Reader::connect(&*url).unwrap();
    let error = reader.stream_length("job_001").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Rejected);
    let text = format!(
        "{url} refused the read: no sentinel says where the master `another` is: {} knows no such name",
        sentinel.address()
    );
    assert_eq!(error.to_string(), text);
    let mut watch = reader.watch("job_001").unwrap();
    let error = watch.next().await.unwrap().unwrap_err();
    assert_eq!(
        error.to_string(),
        text,
        "nor does a watch wait for it for ever"
    );

    let server = format!("redis+sentinel://127.0.0.1:{}/{MASTER}", redis.port());
    let error = Reader::connect(&*server)
        .unwrap()
        .stream_length("job_001")
        .await;
    let error = error.unwrap_err().to_string();
    let said = "it is no sentinel (ERR unknown command";
    assert!(error.contains(said), "{error}");
    let others = "): the URL of a single server is redis://, and of a cluster redis+cluster://";
    assert!(error.ends_with(others), "{error}");
}

/// Row 13, of sentinels and of servers.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sentinels_and_servers_have_passwords_of_their_own_and_neither_is_shown() {
    const SERVERS: &str = "s3cret-of-servers";
    const SENTINELS: &str = "s3cret-of-sentinels";
    let log = Log::default();
    let heard = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(log.writer());
    heard.init();
    let lines = [
        format!("sentinel auth-user {MASTER} writer"),
        format!("sentinel auth-pass {MASTER} {SERVERS}"),
        format!("user tester on >{SENTINELS} allchannels +@all"),
        "user default off".to_owned(),
        "sentinel sentinel-user tester".to_owned(),
        format!("sentinel sentinel-pass {SENTINELS}"),
    ];
    let lines: Vec<_> = lines.iter().map(String::as_str).collect();
    let user = format!("user writer on >{SERVERS} ~* &* +@all");
    let user: Vec<_> = user.split(' ').skip(1).collect();
    let arguments = [
        "--appendonly",
        "no",
        "--masteruser",
        "writer",
        "--masterauth",
        SERVERS,
        "--user",
    ];
    let mut redis = TestSentinel::with(&[&arguments, &user[..]].concat(), &lines).ready();
    let seats: Vec<_> = redis
        .sentinels()
        .iter()
        .map(|sentinel| sentinel.address())
        .collect();
    let seats = seats.join(",");
    let url = |server: &str, sentinel: &str| {
        format!(
            "redis+sentinel://writer:{server}@{seats}/{MASTER}/0?sentinel_user=tester&sentinel_password={sentinel}"
        )
    };
    let publisher = Publisher::connect(url(SERVERS, SENTINELS)).unwrap();
    let job = publisher.job("job_001", "t").unwrap();
    job.completed(&());
    flushed(&publisher).await;
    let reader = Reader::connect(url(SERVERS, SENTINELS)).unwrap();
    assert_eq!(reader.stream_length("job_001").await.unwrap(), 2);
    let mut shown = format!("{publisher:?} {reader:?} {}", publisher.stats().pending);
    for (server, sentinel, at_fault) in [
        (SERVERS, "s3cret-wrong", "no sentinel says where"),
        (
            SENTINELS,
            SENTINELS,
            &*format!("127.0.0.1:{}: ", redis.server(0).port()),
        ),
    ] {
        let wrong = Reader::connect(url(server, sentinel)).unwrap();
        let error = wrong.stream_length("job_001").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Rejected, "{error}");
        assert!(error.to_string().contains(at_fault), "{error}");
        shown += &format!("{error} {error:?} {wrong:?}");
        let publisher = impatient(&url(server, sentinel));
        shown += &refusal(&publisher).await;
        let _ = publisher.shutdown(Duration::ZERO).await;
    }
    let none = format!("redis+sentinel://writer:{SERVERS}@{seats}/{MASTER}");
    let none = Reader::connect(none)
        .unwrap()
        .stream_length("job_001")
        .await;
    let error = none.unwrap_err();
    assert_eq!(
        error.kind(),
        ErrorKind::Rejected,
        "the server's password is not for sentinels: {error}"
    );
    shown += &error.to_string();
    shown += &log.text();
    assert!(shown.contains("redis+sentinel://"));
    assert!(!shown.contains("s3cret"), "{shown}");
}
