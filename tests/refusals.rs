//! A server that is there and refuses: for lack of a disk, of rights, of replicas, of time. What it
//! refuses waits until that is mended, and nothing is taken for an event's own fault.
#![allow(clippy::unwrap_used)]

mod impatient;
mod rows;

use std::io::{Read, Write};
use std::net::TcpListener;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use impatient::{IN_TIME, impatient, refused};
use rows::{emit_rows, flushed, holds};
use stream_events::{JobId, Publisher, Reader};
use support::{Door, End, Proxy, TestRedis, wait_until};

/// Row 12
#[tokio::test]
async fn a_full_disk_is_waited_for() {
    let redis = TestRedis::with_small_disk(64, &["--appendonly", "yes"]);
    let publisher = impatient(redis.url()).connect().unwrap();
    let job = publisher.job("job_001", "t").unwrap();
    flushed(&publisher).await;
    redis.run(&["SET", "large", &"x".repeat(100_000)]);
    let full = Instant::now() + IN_TIME;
    let mut probe = redis.client();
    let mut is_full = || {
        let set = redis::cmd("SET").arg("probe").arg("1").exec(&mut probe);
        set.is_err_and(|error| error.code() == Some("MISCONF"))
    };
    while !is_full() {
        assert!(Instant::now() < full, "the disk never fills");
    }
    emit_rows(&job, 100);
    job.completed(&());
    refused(&publisher, "job_002", "MISCONF").await;
    holds(&redis, "job_001", 1);
    redis.mend_disk();
    flushed(&publisher).await;
    holds(&redis, "job_001", 102);
    holds(&redis, "job_002", 1);
}

/// Row 12 where the server may not answer before it has written: it ends itself.
#[tokio::test]
async fn a_server_that_a_full_disk_ends_is_waited_for() {
    let always = ["--appendonly", "yes", "--appendfsync", "always"];
    let mut redis = TestRedis::with_small_disk(64, &always);
    let proxy = Proxy::to(&redis);
    let publisher = Publisher::connect(proxy.url()).unwrap();
    let job = publisher.job("job_001", "t").unwrap();
    let mut rows = 0;
    while redis.is_running() {
        assert!(rows < 10_000, "the server bears it");
        emit_rows(&job, 20);
        rows += 20;
        let _ = publisher.flush(Duration::from_millis(100)).await;
    }
    proxy.door(Door::Shut);
    job.completed(&());
    let early = publisher.stats();
    assert!(early.delivered > 0 && early.pending > 0, "{early:?}");
    redis.restart();
    redis.mend_disk();
    proxy.door(Door::Open);
    flushed(&publisher).await;
    holds(&redis, "job_001", rows + 2);
}

/// Row 13: each command that an event takes is denied in turn.
#[tokio::test]
async fn rights_that_are_taken_away_are_waited_for_and_those_of_a_transaction_not() {
    let redis = TestRedis::start();
    redis.allow("writer", "on >secret ~* +@all");
    let publisher = impatient(redis.url().replace("//", "//writer:secret@"));
    let publisher = publisher.connect().unwrap();
    for (n, command) in ["xadd", "expire", "exec"].into_iter().enumerate() {
        let job = publisher.job(format!("job_{n}"), "t").unwrap();
        flushed(&publisher).await;
        redis.deny("writer", command);
        emit_rows(&job, 100);
        job.completed(&());
        refused(&publisher, &format!("other_{n}"), "NOPERM").await;
        redis.allow("writer", &format!("+{command}"));
        flushed(&publisher).await;
        holds(&redis, &format!("job_{n}"), 102);
        holds(&redis, &format!("other_{n}"), 1);
    }
    let job = publisher.job("job_001", "t").unwrap();
    flushed(&publisher).await;
    redis.deny("writer", "multi");
    emit_rows(&job, 100);
    job.completed(&());
    flushed(&publisher).await;
    holds(&redis, "job_001", 102);
}

/// Row 13: what lets us in is changed, and the connection is gone.
#[tokio::test]
async fn a_password_that_is_changed_is_waited_for_without_haste() {
    let redis = TestRedis::start();
    redis.allow("writer", "on >secret ~* +@all");
    let proxy = Proxy::to(&redis);
    let mut admin = redis.client();
    let mut require = |password: &str| {
        let mut command = redis::cmd("CONFIG");
        command.arg("SET").arg("requirepass").arg(password);
        command.exec(&mut admin).unwrap();
    };
    for (user, words) in [("writer:secret@", "authentication failed"), ("", "NOAUTH")] {
        let url = proxy.url().replace("//", &format!("//{user}"));
        let publisher = impatient(url).connect().unwrap();
        let name = format!("job_of_{user}");
        let job = publisher.job(&name, "t").unwrap();
        flushed(&publisher).await;
        redis.allow("writer", "resetpass >another");
        require("new");
        let before = proxy.traffic().connections;
        proxy.cut(End::Reset);
        emit_rows(&job, 100);
        refused(&publisher, &format!("other_{name}"), words).await;
        // To ask again and again might lock us out.
        let tries = proxy.traffic().connections - before;
        assert_eq!(tries, 1, "{user}");
        require("");
        redis.allow("writer", "resetpass >secret");
        job.completed(&());
        flushed(&publisher).await;
        holds(&redis, &name, 102);
        holds(&redis, &format!("other_{name}"), 1);
    }
}

/// Row 14: the name leads to the new master, the connection to the old one.
#[tokio::test]
async fn a_master_that_was_demoted_is_left_for_the_new_one() {
    let (old, new) = (TestRedis::start(), TestRedis::start());
    new.follow(&old);
    let proxy = Proxy::to(&old);
    let publisher = Publisher::connect(proxy.url()).unwrap();
    let job = publisher.job("job_001", "t").unwrap();
    emit_rows(&job, 100);
    flushed(&publisher).await;
    wait_until("the replica has it", || {
        new.entries("job_events:job_001").len() == 101
    });
    new.promote();
    old.follow(&new);
    proxy.retarget(new.port());
    emit_rows(&job, 100);
    job.completed(&());
    flushed(&publisher).await;
    holds(&new, "job_001", 202);
}

/// Row 14, where nobody else is the master yet: also who may not ask what the server is, loses nothing by it.
#[tokio::test]
async fn what_a_replica_does_not_take_waits_for_as_long_as_it_is_one() {
    let redis = TestRedis::start();
    redis.allow("writer", "on >secret ~* +@all -info");
    let writer = format!("redis://writer:secret@127.0.0.1:{}/", redis.port());
    let publishers = [redis.url(), writer].map(|url| Publisher::connect(url).unwrap());
    let begun = publishers.each_ref().map(|publisher| {
        let job = publisher.job(JobId::random(), "t").unwrap();
        emit_rows(&job, 10);
        job
    });
    join_all(publishers.each_ref().map(flushed)).await;
    redis.demote();
    for job in &begun {
        emit_rows(job, 10);
        job.completed(&());
    }
    // For longer than what breaks every connection is borne.
    let waited = publishers
        .each_ref()
        .map(|publisher| publisher.flush(BORNE));
    for report in join_all(waited).await {
        let left = (
            report.complete,
            report.stats.pending,
            report.stats.dropped.total(),
        );
        assert_eq!(left, (false, 11, 0), "{report}");
    }
    redis.promote();
    join_all(publishers.each_ref().map(flushed)).await;
    for job in &begun {
        holds(&redis, job.id().as_str(), 22);
    }
}

const BORNE: Duration = Duration::from_secs(12);

/// What listens there may be something else.
#[tokio::test]
async fn what_does_not_speak_the_protocol_is_said_in_one_line_and_waited_for() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("redis://{}/", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let _ = stream.read(&mut [0; 16]);
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n<html>\r\n");
        }
    });
    let refused = Reader::connect(&url)
        .unwrap()
        .stream_length("job_001")
        .await;
    let expected = format!(
        "{url} cannot be reached: it does not speak the protocol of Redis, unless it does so with TLS (rediss://)"
    );
    assert_eq!(refused.unwrap_err().to_string(), expected);
}

/// Row 14: writes wait for replicas that the server was told to have.
#[tokio::test]
async fn a_server_without_the_replicas_that_it_has_to_have_is_waited_for() {
    let redis = TestRedis::start();
    let publisher = impatient(redis.url()).connect().unwrap();
    let job = publisher.job("job_001", "t").unwrap();
    flushed(&publisher).await;
    redis.configure("min-replicas-to-write", "1");
    emit_rows(&job, 100);
    job.completed(&());
    refused(&publisher, "job_002", "NOREPLICAS").await;
    holds(&redis, "job_001", 1);
    redis.configure("min-replicas-to-write", "0");
    flushed(&publisher).await;
    holds(&redis, "job_001", 102);
    holds(&redis, "job_002", 1);
}
