//! A publisher and a reader behind Sentinel with the rights that the documentation gives them, there and at
//! the sentinels, and no others.
#![allow(clippy::unwrap_used)]

#[allow(dead_code, reason = "others have more of it")]
mod allowed;
mod rows;

use std::time::Duration;

use allowed::{is_asked, refused};
use rows::flushed;
use stream_events::{Publisher, Reader, Status};
use support::{Log, MASTER, Sentinel, TestRedis, rights, sentinel_rights};
use tokio::time::timeout;

const SOON: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn behind_sentinel_the_rights_that_are_documented_are_enough() {
    let log = Log::default();
    let heard = tracing_subscriber::fmt().with_writer(log.writer());
    heard.init();
    let redis = TestRedis::start();
    let finder = format!(
        "user finder on >secret {}",
        sentinel_rights("finder").join(" ")
    );
    let guide = "user guide on >secret +sentinel|get-master-addr-by-name";
    let lines = [&*finder, guide, "user nobody on >secret"];
    let sentinel = Sentinel::at("127.0.0.1", redis.port(), &lines);
    let url = |name: &str, rules: Vec<&str>, finder: &str| {
        redis.allow(name, &format!("reset on >secret {}", rules.join(" ")));
        let seat = sentinel.address();
        format!(
            "redis+sentinel://{name}:secret@{seat}/{MASTER}?sentinel_user={finder}&sentinel_password=secret"
        )
    };
    let all = |name| [rights(name), sentinel_rights(name)].concat();
    let publisher = url("publisher", all("publisher"), "finder");
    let publisher = Publisher::connect(publisher).unwrap();
    let reader = Reader::connect(url("reader", all("reader"), "finder")).unwrap();
    let mut watches = [
        reader.watch("job_001").unwrap(),
        reader.hub().watch("job_001").unwrap(),
    ];
    publisher.job("job_001", "t").unwrap().completed(&());
    flushed(&publisher).await;
    for watch in &mut watches {
        for _ in 0..2 {
            timeout(SOON, watch.next()).await.unwrap().unwrap().unwrap();
        }
        assert!(timeout(SOON, watch.next()).await.unwrap().is_none());
    }
    let state = reader.state("job_001").await.unwrap().unwrap();
    assert_eq!(state.status, Status::Completed);
    assert!(is_asked(&mut redis.client(), "role"));
    assert_eq!(refused(&redis), [""; 0]);

    let untold = [
        "does not tell whether it is the master",
        "does not tell how new its master is",
    ];
    assert_eq!(untold.map(|said| log.count(said)), [0, 0], "{}", log.text());

    // It is taken at its sentinels' word.
    let lesser = url("lesser", rights("reader"), "guide");
    for _ in 0..2 {
        let lesser = Reader::connect(&*lesser).unwrap();
        assert_eq!(lesser.stream_length("job_001").await.unwrap(), 2);
    }
    assert_eq!(untold.map(|said| log.count(said)), [1, 1], "{}", log.text());
    let publisher = url("mute", rights("publisher"), "finder");
    let publisher = Publisher::connect(publisher).unwrap();
    publisher.job("job_002", "t").unwrap().completed(&());
    flushed(&publisher).await;
    assert_eq!(reader.stream_length("job_002").await.unwrap(), 2);
    // That it is none any more is said by the first write, and by what it says of itself to a new connection.
    redis.demote();
    publisher.job("job_003", "t").unwrap().completed(&());
    assert!(!publisher.flush(Duration::from_millis(500)).await.complete);
    redis.promote();
    flushed(&publisher).await;
    assert_eq!(reader.stream_length("job_003").await.unwrap(), 2);
    let blind = Reader::connect(url("reader", all("reader"), "nobody")).unwrap();
    let said = blind
        .stream_length("job_001")
        .await
        .unwrap_err()
        .to_string();
    // Before Redis 7.0, the command alone is named.
    let lacks = ["'sentinel|get-master-addr-by-name'", "'sentinel'"];
    let is_named = lacks.iter().any(|command| said.contains(command));
    assert!(is_named && !said.contains("secret"), "{said}");
}
