//! A network that cuts, delays and garbles what passes: whatever byte it happens at, each event stands
//! on the stream once, in its order.
#![allow(clippy::unwrap_used)]

mod rows;

use rows::{emit_rows, flushed, holds};
use stream_events::Publisher;
use support::{Door, End, Proxy, Rule, TestRedis, Way, memory_peak, seqs};

/// Row 7: what an abandoned connection had sent comes after the jobs' ends.
#[tokio::test]
async fn old_bytes_that_come_after_the_end_change_nothing() {
    let redis = TestRedis::start();
    let proxy = Proxy::to(&redis);
    let publisher = Publisher::connect(proxy.url()).unwrap();
    let old = publisher.job("job_001", "t").unwrap();
    flushed(&publisher).await;
    proxy.rule_old(Way::ToServer, Rule::Hold);
    // Of one the start too is late.
    let new = publisher.job("job_002", "t").unwrap();
    for job in [&old, &new] {
        emit_rows(job, 50);
    }
    proxy.wait(|traffic| traffic.held_to_server > 0);
    let held = proxy.traffic().connections;
    proxy.wait(|traffic| traffic.connections > held);
    old.completed(&());
    new.completed(&());
    flushed(&publisher).await;
    let streams = ["job_events:job_001", "job_events:job_002"];
    let before = streams.map(|key| redis.entries(key));
    for entries in &before {
        assert_eq!(seqs(entries), (0..52).collect::<Vec<_>>());
    }
    assert!(proxy.traffic().held_to_server > 0, "it is still on its way");
    let refused = redis.info("errorstats", "errorstat_ERR");
    proxy.heal();
    proxy.wait(|traffic| traffic.held_to_server == 0 && traffic.open == 1);
    assert_eq!(streams.map(|key| redis.entries(key)), before);
    let later = redis.info("errorstats", "errorstat_ERR");
    assert_ne!(later, refused, "the server has seen it");
}

/// A few events of one job, with the connection cut at one byte of what goes that way. Says whether
/// it was cut.
async fn is_cut(redis: &TestRedis, way: Way, byte: usize, end: End) -> bool {
    let proxy = Proxy::to(redis);
    let publisher = Publisher::connect(proxy.url()).unwrap();
    let name = format!("{way:?}_{byte}_{end:?}");
    let job = publisher.job(&name, "t").unwrap();
    flushed(&publisher).await;
    // From here on all is of these events: MULTI, their XADDs, EXPIRE, EXEC.
    proxy.rule(way, Rule::CutAfter(byte, end));
    emit_rows(&job, 3);
    job.completed(&());
    flushed(&publisher).await;
    holds(redis, &name, 5);
    proxy.traffic().connections > 1
}

/// Each offset on the way until one lies behind all that was said.
async fn sweep(way: Way, first: usize, step: usize) -> usize {
    let redis = TestRedis::start();
    let mut byte = first;
    loop {
        let end = if byte.is_multiple_of(2) {
            End::Fin
        } else {
            End::Reset
        };
        if !is_cut(&redis, way, byte, end).await {
            return byte;
        }
        byte += step;
    }
}

/// Row 8: inside a request, and after it.
#[tokio::test]
async fn a_request_that_is_cut_at_any_byte_is_done_once() {
    let ends = futures_util::future::join_all((0..16).map(|n| sweep(Way::ToServer, n, 16)));
    let ends = ends.await;
    assert!(ends.iter().all(|end| *end > 700), "{ends:?}");
}

/// Row 8: before the reply, and inside it.
#[tokio::test]
async fn a_reply_that_is_cut_at_any_byte_is_asked_for_again() {
    let ends = futures_util::future::join_all((0..8).map(|n| sweep(Way::ToClient, n, 8)));
    let ends = ends.await;
    assert!(ends.iter().all(|end| *end > 50), "{ends:?}");
}

/// What no Redis server says: nonsense, another protocol, and headers of things that never come.
const GARBAGE: [&str; 9] = [
    "\0\u{1}\u{2}\u{3}",
    "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n",
    "$999999999\r\nabc",
    "$9223372036854775807\r\nabc",
    "*999999999\r\n",
    "*999999999\r\n*999999999\r\n*999999999\r\n$1\r\na\r\n",
    "%9223372036854775807\r\n",
    "+OK\r\n+OK\r\n+OK\r\n+OK\r\n+OK\r\n+OK\r\n",
    ":1\r\n$-1\r\n*-1\r\n_\r\n#t\r\n,1.5\r\n(1\r\n>0\r\n~0\r\n",
];

async fn is_tried_again(redis: &TestRedis, garbage: &str) {
    let proxy = Proxy::to(redis);
    proxy.door(Door::Answer(garbage.into()));
    let publisher = Publisher::connect(proxy.url()).unwrap();
    let name = format!("job_{}", proxy.port());
    let job = publisher.job(&name, "t").unwrap();
    emit_rows(&job, 10);
    job.completed(&());
    while proxy.traffic().connections < 2 {
        tokio::task::yield_now().await;
    }
    assert_eq!(publisher.stats().pending, 12, "{garbage:?}");
    proxy.door(Door::Open);
    flushed(&publisher).await;
    assert_eq!(
        seqs(&redis.entries(&format!("job_events:{name}"))),
        (0..12).collect::<Vec<_>>(),
        "{garbage:?}"
    );
}

/// Row 9: of a server from the first byte on.
#[tokio::test]
async fn a_server_that_talks_nonsense_takes_no_memory_and_is_tried_again() {
    let redis = TestRedis::start();
    let before = memory_peak();
    let nonsense = GARBAGE.map(|garbage| is_tried_again(&redis, garbage));
    futures_util::future::join_all(nonsense).await;
    let taken = memory_peak() - before;
    assert!(taken < 200_000, "{taken} KiB");
}

/// Row 9: in the middle, where it shifts every answer after it.
#[tokio::test]
async fn answers_that_are_out_of_step_are_not_taken_for_others() {
    let well_formed = [
        "+OK\r\n",
        "+QUEUED\r\n",
        "$3\r\n1-1\r\n",
        "*1\r\n$3\r\n1-1\r\n",
        "$-1\r\n",
        "-ERR who said that\r\n",
    ];
    for garbage in GARBAGE.into_iter().chain(well_formed) {
        let redis = TestRedis::start();
        let proxy = Proxy::to(&redis);
        let publisher = Publisher::connect(proxy.url()).unwrap();
        let job = publisher.job("job_001", "t").unwrap();
        flushed(&publisher).await;
        proxy.rule(Way::ToClient, Rule::Insert(garbage.into()));
        // One command, whose answer is an id, and then a transaction.
        emit_rows(&job, 1);
        flushed(&publisher).await;
        emit_rows(&job, 3);
        job.completed(&());
        flushed(&publisher).await;
        // A refusal may be one: it is looked into.
        let believed = proxy.traffic().connections == 1 && !garbage.starts_with('-');
        assert!(!believed, "{garbage:?} was believed");
        assert_eq!(
            seqs(&redis.entries("job_events:job_001")),
            [0, 1, 2, 3, 4, 5],
            "{garbage:?}"
        );
    }
}
