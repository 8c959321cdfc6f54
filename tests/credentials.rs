//! Who we are to a store, where that changes while a process runs, and that nobody sees it.
#![allow(clippy::unwrap_used)]

#[allow(dead_code, reason = "not all of it is used here")]
mod planted;
mod rows;

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use planted::{SECRET, check};
use rows::{emit_rows, flushed, holds};
use stream_events::{Credentials, ErrorKind, Item, Publisher, Reader, Watch};
use support::{Program, TestRedis, scenario};
use tokio::time::timeout;
use tracing_subscriber::filter::LevelFilter;

type Given = futures_util::future::BoxFuture<'static, Result<Credentials, String>>;

/// For a wait of 5 s, and what comes after it.
const SOON: Duration = Duration::from_secs(30);

/// The URL with a user and password that let nobody in.
fn stale(redis: &TestRedis) -> String {
    redis
        .url()
        .replace("//", &format!("//writer:old-{SECRET}@"))
}

/// Reads on to this seq.
async fn reaches(watch: &mut Watch, last: u64) {
    loop {
        let item = timeout(SOON, watch.next()).await.expect("it goes on");
        match item.unwrap().unwrap() {
            Item::Event(event) if event.seq() == Some(last) => return,
            Item::Event(_) => {}
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_password_that_is_rotated_is_followed_by_publisher_and_readers_and_nothing_is_lost() {
    let redis = TestRedis::start();
    let (password, asked) = (
        Arc::new(Mutex::new(String::new())),
        Arc::new(AtomicUsize::new(0)),
    );
    let rotate = |to: &str| {
        redis.allow("writer", &format!("reset on >{to} ~* +@all"));
        *password.lock().unwrap() = to.to_owned();
        redis.kill_connections();
    };
    let give = {
        let (password, asked) = (Arc::clone(&password), Arc::clone(&asked));
        move || {
            asked.fetch_add(1, Relaxed);
            let password = password.lock().unwrap().clone();
            async { Ok::<_, String>(Credentials::new("writer", password)) }
        }
    };
    rotate("p0");
    let publisher = Publisher::builder()
        .url(stale(&redis))
        .credentials(give.clone());
    let publisher = publisher.connect().unwrap();
    let reader = Reader::connect(stale(&redis)).unwrap();
    let reader = reader.with_credentials(give).unwrap();
    let job = publisher.job("job_001", "t").unwrap();
    flushed(&publisher).await;
    let mut watches = [
        reader.watch("job_001").unwrap(),
        reader.hub().watch("job_001").unwrap(),
        publisher.reader().watch("job_001").unwrap(),
    ];
    for n in 1..=3 {
        emit_rows(&job, 50);
        rotate(&format!("p{n}"));
        emit_rows(&job, 50);
        for watch in &mut watches {
            reaches(watch, n * 100).await;
        }
        assert_eq!(reader.stream_length("job_001").await.unwrap(), n * 100 + 1);
    }
    job.completed(&());
    flushed(&publisher).await;
    holds(&redis, "job_001", 302);
    // The publisher's and each reader's, anew after each rotation.
    assert!(asked.load(Relaxed) >= 4 * 4, "{asked:?}");
}

/// Gives none at first, in this way, and is asked again.
#[derive(Clone, Copy, Debug)]
enum AtFirst {
    Fails,
    Panics,
    Hangs,
    IsWrong,
}

impl AtFirst {
    async fn give(self, nth: usize) -> Result<Credentials, String> {
        match self {
            _ if nth > 0 => {}
            Self::Fails => return Err(format!("cannot reach redis://app:{SECRET}@vault/")),
            Self::Panics => panic!("{SECRET}"),
            Self::Hangs => std::future::pending().await,
            Self::IsWrong => return Ok(Credentials::new("writer", SECRET)),
        }
        Ok(Credentials::new("writer", "right"))
    }

    fn provider(self) -> impl Fn() -> Given + Send + Sync {
        let asked = AtomicUsize::new(0);
        move || Box::pin(self.give(asked.fetch_add(1, Relaxed)))
    }

    fn why(self) -> &'static str {
        match self {
            Self::Fails => "no credentials: cannot reach redis://[redacted]@vault/",
            Self::Panics => "no credentials: who gives them panicked",
            Self::Hangs => "nobody gives credentials in time",
            Self::IsWrong => "the credentials that were given are refused: ",
        }
    }

    async fn is_waited_for(self, redis: &TestRedis) {
        tokio::join!(self.is_an_error(redis), self.holds_nothing_up(redis));
    }

    async fn is_an_error(self, redis: &TestRedis) {
        let reader = Reader::connect(redis.url()).unwrap();
        let asks = reader.with_credentials(self.provider()).unwrap();
        let error = asks.stream_length("job_001").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
        let text = error.to_string();
        assert!(
            text.contains(self.why()) && !text.contains(SECRET),
            "{text}"
        );
        // It is asked again by who asks again.
        assert_eq!(asks.stream_length("job_none").await.unwrap(), 0);
    }

    async fn holds_nothing_up(self, redis: &TestRedis) {
        let reader = Reader::connect(redis.url()).unwrap();
        let watches = reader.with_credentials(self.provider()).unwrap();
        let publisher = Publisher::builder()
            .url(redis.url())
            .credentials(self.provider());
        let publisher = publisher.connect().unwrap();
        let name = format!("job_{self:?}");
        let mut watch = watches.watch(&*name).unwrap();
        let job = publisher.job(&*name, "t").unwrap();
        job.completed(&());
        reaches(&mut watch, 1).await;
        flushed(&publisher).await;
        holds(redis, &name, 2);
    }
}

#[tokio::test]
async fn credentials_that_nobody_gives_or_that_are_refused_are_asked_for_again() {
    let redis = TestRedis::start();
    redis.allow("writer", "on >right ~* +@all");
    let all = [
        AtFirst::Fails,
        AtFirst::Panics,
        AtFirst::Hangs,
        AtFirst::IsWrong,
    ];
    futures_util::future::join_all(all.map(|at_first| at_first.is_waited_for(&redis))).await;
}

/// What is never connected to: https://www.rfc-editor.org/rfc/rfc5737
const ELSEWHERE: &str = "192.0.2.1:6379";

/// A child's part: shows all that there is to be seen of one who gets in, and of those who do not.
async fn shows_all(store: &str) {
    tracing_subscriber::fmt()
        .with_max_level(LevelFilter::TRACE)
        .with_writer(std::io::stderr)
        .init();
    let give = || async { Ok::<_, String>(Credentials::new("writer", SECRET)) };
    println!("{:?} control-given", give().await);
    let builder = Publisher::builder().url(store).credentials(give);
    println!(
        "{builder:?} {:?} control-builder",
        builder.clone().connect().unwrap()
    );
    let publisher = builder.connect().unwrap();
    publisher.job("job_001", "t").unwrap().completed(&());
    flushed(&publisher).await;
    let fails = || async { Err::<Credentials, _>(format!("password={SECRET}, control-failing")) };
    let refused = || async { Ok::<_, String>(Credentials::password(format!("old-{SECRET}"))) };
    let readers = [
        Reader::connect(store)
            .unwrap()
            .with_credentials(fails)
            .unwrap(),
        Reader::connect(store)
            .unwrap()
            .with_credentials(refused)
            .unwrap(),
        Reader::connect(store.replace("writer", "nobody")).unwrap(),
    ];
    for reader in readers {
        let error = reader.stream_length("job_001").await.unwrap_err();
        println!("{reader:?} {error} {error:?}");
    }
    let wrong = format!("rediss://writer:{SECRET}@{ELSEWHERE}/?cert=/control-path/{SECRET}");
    let socket = format!("unix:///control-socket?user=writer&pass={SECRET}");
    let odd = format!("redis+odd://writer:{SECRET}@a,b/x?sentinel_password={SECRET}");
    let wanted = format!("redis://writer:{SECRET}@{ELSEWHERE}/?cacert={SECRET}");
    for url in [wrong, socket, odd, wanted] {
        match Reader::connect(url) {
            Ok(reader) => println!(
                "{reader:?} {:?}",
                reader.stream_length("job_001").await.unwrap_err()
            ),
            Err(error) => println!("{error} {error:?}"),
        }
    }
    for _ in 0..2 {
        for host in [
            format!("{ELSEWHERE}/"),
            format!("{ELSEWHERE}/1"),
            "127.0.0.1/".to_owned(),
        ] {
            Reader::connect(format!("redis://writer:{SECRET}@{host}")).unwrap();
        }
        let open = Reader::connect(format!("redis://{ELSEWHERE}/2")).unwrap();
        open.with_credentials(give).unwrap();
        Reader::connect(format!("redis://{ELSEWHERE}/3")).unwrap();
        // One of its servers is enough, and so are its sentinels.
        for servers in [
            format!("cluster://writer:{SECRET}@127.0.0.1:1,{ELSEWHERE}"),
            format!("sentinel://{ELSEWHERE}/m?sentinel_password={SECRET}"),
        ] {
            let reader = Reader::connect(format!("redis+{servers}")).unwrap();
            println!("{reader:?} control-several");
        }
    }
}

#[tokio::test]
async fn credentials_are_shown_by_nothing_and_sent_in_clear_text_with_a_warning() {
    const NAME: &str = "credentials_are_shown_by_nothing_and_sent_in_clear_text_with_a_warning";
    if let Some(store) = scenario() {
        return shows_all(&store).await;
    }
    let redis = TestRedis::start();
    redis.allow("writer", &format!("on >{SECRET} ~* +@all"));
    let exit = Program::again(NAME, &stale(&redis)).run();
    exit.passed();
    check(
        "lines",
        exit.said.as_bytes(),
        &["given", "builder", "failing", "socket", "several"],
        true,
    );
    let stores = [
        format!("redis://{ELSEWHERE}/"),
        format!("redis://{ELSEWHERE}/1"),
        format!("redis://{ELSEWHERE}/2"),
        format!("redis+cluster://127.0.0.1:1,{ELSEWHERE}"),
        format!("redis+sentinel://{ELSEWHERE}/m"),
    ];
    for store in &stores {
        let said = format!("the password for {store} goes over the network in clear text");
        assert_eq!(exit.said.matches(&said).count(), 1, "{}", exit.said);
    }
    let warnings = exit.said.matches("in clear text").count();
    assert_eq!(warnings, stores.len(), "{}", exit.said);
}
