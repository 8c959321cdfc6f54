//! The row of a long stream that is read from its beginning to its end.

use std::time::Instant;

use redis::streams::StreamReadReply;
use stream_events::Reader;
use support::memory_peak;

use crate::job;
use crate::part::{Numbers, numbers, play};
use crate::placement;
use crate::rounds::{Rounds, turn};
use crate::server::Server;
use crate::table::{
    Bound::{AtLeast, AtMost},
    Row,
};
use crate::{Asked, benchmark, by_hand, end_to_end};

/// A million, and what `redis-benchmark` needs for a whole pipeline.
const EVENTS: u64 = 1_000_192;
const JOB: &str = "job_000000000000";
/// Of redis-rs: with this it is at its fastest.
const COUNT: usize = 1_000;
/// MiB that the process may grow from its first page to its last.
const MOST: f64 = 8.0;

pub(crate) fn rows(_: Asked) -> Vec<Row> {
    let server = Server::pinned(&[]);
    let payload = end_to_end::sample(&server);
    benchmark::run(&server, EVENTS, 1, &payload, false);
    let of = |kind| {
        let server = &server;
        turn(kind, move || {
            play("history", &[&server.url(), &kind], placement::client())
        })
    };
    let rounds = Rounds::of(&[of("ours"), of("redis-rs")]);
    let [ours, theirs] = ["ours", "redis-rs"].map(|kind| rounds.series(kind, "rate"));
    let grown = rounds.series("ours", "grown");
    vec![
        Row::new("`history` of 1,000,000 events", &ours, "/s")
            .beside("redis-rs' `StreamReadReply`", &theirs, "/s")
            .reach(ours.over(&theirs), AtLeast(3.5)),
        Row::new("the same, memory that it grows by", &grown, "MiB")
            .reach(grown.clone(), AtMost(MOST)),
    ]
}

/// URL, and who reads.
pub(crate) fn part(arguments: &[String]) -> Numbers {
    let [url, kind] = arguments else {
        panic!("{arguments:?}")
    };
    let (before, begun) = (memory_peak(), Instant::now());
    let read = if kind == "ours" {
        job::runtime().block_on(ours(url))
    } else {
        job::runtime().block_on(theirs(url))
    };
    let time = begun.elapsed().as_secs_f64();
    assert_eq!(read, EVENTS);
    numbers([
        ("rate", read as f64 / time),
        ("grown", (memory_peak() - before) as f64 / 1024.0),
    ])
}

async fn ours(url: &str) -> u64 {
    let mut history = Reader::connect(url).unwrap().history(JOB).unwrap();
    let mut read = 0;
    while let Some(event) = history.next().await {
        std::hint::black_box(event.unwrap());
        read += 1;
    }
    read
}

async fn theirs(url: &str) -> u64 {
    let mut connection = by_hand::connect(url).await;
    let (mut after, mut read) = ("0".to_owned(), 0);
    loop {
        let mut command = redis::cmd("XREAD");
        command
            .arg("COUNT")
            .arg(COUNT)
            .arg("STREAMS")
            .arg(format!("job_events:{JOB}"))
            .arg(&after);
        let reply: Option<StreamReadReply> = command.query_async(&mut connection).await.unwrap();
        let entries = reply
            .into_iter()
            .flat_map(|reply| reply.keys)
            .flat_map(|key| key.ids);
        let before = read;
        for entry in entries {
            after.clone_from(&entry.id);
            std::hint::black_box(entry);
            read += 1;
        }
        if read == before {
            return read;
        }
    }
}
