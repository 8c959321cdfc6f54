//! Rows of thousands of jobs that are followed over HTTP: a server with the routes, and a connection of its
//! own for each client, who reads as little as can be.

mod client;
pub(crate) mod server;

use std::sync::{Arc, Mutex};
use std::thread;

use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::Asked;
use crate::part::{self, Numbers, play_with_files};
use crate::placement::{at_work_of, memory_of};
use crate::rounds::{Rounds, Turn, turn};
use crate::server::Server;
use crate::table::{
    Bound::{AtMost, None},
    Row,
};
use crate::watchers::{A_TICK, MANY, REST, Read, TICKS, Writer, lock, until};
use client::Client;
use server::Serving;

/// Connections that are opened at a time.
const AT_ONCE: u64 = 200;

pub(crate) fn rows(_: Asked) -> Vec<Row> {
    let redis = Server::free(&[]);
    let of = |kind: &'static str| -> Turn<'_> {
        let redis = &redis;
        turn(kind, move || {
            redis.clear();
            play_with_files("sse", &[&redis.url(), &kind, &MANY])
        })
    };
    let rounds = Rounds::of(&[of("jobs"), of("bare")]);
    let [p50, p99, most, rate, cpu, kib, full] =
        ["p50", "p99", "most", "rate", "cpu", "kib", "full"].map(|of| rounds.series("jobs", of));
    let bare = rounds.series("bare", "kib");
    vec![
        Row::new(
            "10,000 SSE connections, 20,000 events/s until read, p50",
            &p50,
            "µs",
        ),
        Row::new("the same, p99", &p99, "µs").reach(p99.clone(), AtMost(2000.0)),
        Row::new("the same, the slowest", &most, "µs"),
        Row::new("the same, read", &rate, "/s").reach(rate, None),
        Row::new("the same, its server's CPU", &cpu, "µs an event"),
        Row::new(
            "memory of one of 10,000 SSE connections that wait",
            &kib,
            "KiB",
        )
        .beside("a stream of axum's own", &bare, "KiB")
        .reach(kib.over(&bare), None),
        Row::new("the same, once events have gone over it", &full, "KiB"),
    ]
}

/// URL, what is served, and how many connections, each for a job of its own.
pub(crate) fn part(arguments: &[String]) -> Numbers {
    let [url, kind, connections] = arguments else {
        panic!("{arguments:?}")
    };
    let connections: u64 = connections.parse().unwrap();
    let mut writer = Writer::new(url, connections);
    // Each job has a beginning, so that each stream is known to wait.
    writer.append(connections);
    let serving = Serving::start(url, kind);
    let (read, begun) = (Arc::new(Mutex::new(Read::default())), writer.begun);
    crate::job::runtime().block_on(async {
        let mut tasks = JoinSet::new();
        // What all of them need once is there before.
        let first = Client::open(serving.port, connections).await;
        tasks.spawn(first.read(Arc::default(), begun));
        sleep(REST).await;
        let before = memory_of(serving.process());
        for n in 0..connections {
            let client = Client::open(serving.port, n).await;
            tasks.spawn(client.read(Arc::clone(&read), begun));
            if n % AT_ONCE == 0 {
                until(&read, n).await;
            }
        }
        until(&read, connections).await;
        sleep(REST).await;
        let of_each = |kib: f64| (kib - before) / connections as f64;
        let kib = of_each(memory_of(serving.process()));
        let mut numbers = part::numbers([("kib", kib)]);
        if kind == "jobs" {
            *lock(&read) = Read::default();
            let worked = at_work_of(serving.process());
            let writes = thread::spawn(move || writer.hold());
            until(&read, A_TICK * TICKS).await;
            writes.join().unwrap();
            let worked = at_work_of(serving.process()) - worked;
            let read = std::mem::take(&mut *lock(&read));
            numbers.extend(read.summary());
            let cpu = worked * 1e6 / (A_TICK * TICKS) as f64;
            let full = of_each(memory_of(serving.process()));
            numbers.extend(part::numbers([("cpu", cpu), ("full", full)]));
        }
        numbers
    })
}
