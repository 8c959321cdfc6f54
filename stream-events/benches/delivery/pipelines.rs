//! Ready bytes, by pipelines of XADD: with ids of the server's, or as the publisher sends them.

use std::ops::Range;
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use redis::aio::MultiplexedConnection;
use redis::{Cmd, Pipeline};

use crate::EVENTS;

/// What the publisher sends at a time, about, and how many such requests are on their way.
const BATCH: usize = 1024;
const REQUESTS: usize = 4;

/// As many as its callers may let wait.
const PENDING: usize = 20_000;

#[derive(Clone, Copy)]
pub(crate) enum Ids {
    /// `*`.
    Server,
    /// Explicit, and what follows each other of one stream in a MULTI.
    Ours,
}

pub(crate) async fn run(url: &str, jobs: usize, ids: Ids, values: &[String; 3]) -> Duration {
    let client = redis::Client::open(url).unwrap();
    let connection = client.get_multiplexed_async_connection().await.unwrap();
    let start = Instant::now();
    let mut on_their_way = FuturesUnordered::new();
    for first in (0..EVENTS).step_by(BATCH) {
        let events = first..EVENTS.min(first + BATCH);
        let pipeline = match ids {
            Ids::Server => plain(events, jobs, values),
            Ids::Ours => exact(events, jobs, values),
        };
        on_their_way.push(send(connection.clone(), pipeline));
        if on_their_way.len() == REQUESTS {
            on_their_way.next().await;
        }
    }
    while on_their_way.next().await.is_some() {}
    start.elapsed()
}

fn plain(events: Range<usize>, jobs: usize, values: &[String; 3]) -> Pipeline {
    let mut pipeline = Pipeline::with_capacity(events.len());
    for n in events {
        let xadd = xadd(&key(n, jobs), "*", values);
        pipeline.add_command(xadd).ignore();
    }
    pipeline
}

fn exact(events: Range<usize>, jobs: usize, values: &[String; 3]) -> Pipeline {
    let in_a_row = in_a_row(jobs);
    let mut pipeline = Pipeline::with_capacity(events.len() * 2);
    for n in events.clone() {
        if n % in_a_row == 0 || n == events.start {
            pipeline.cmd("MULTI").ignore();
        }
        let id = format!("1764000000000-{}", n + 1);
        let xadd = xadd(&key(n, jobs), &id, values);
        pipeline.add_command(xadd).ignore();
        if (n + 1) % in_a_row == 0 || n + 1 == events.end {
            pipeline.cmd("EXEC").ignore();
        }
    }
    pipeline
}

/// So many events of one stream follow each other: as many as the publisher has of it at a time, of all
/// that its callers let wait.
fn in_a_row(jobs: usize) -> usize {
    (PENDING / jobs).min(256)
}

fn key(n: usize, jobs: usize) -> String {
    format!("job_events:job_{}", n / in_a_row(jobs) % jobs)
}

fn xadd(key: &str, id: &str, values: &[String; 3]) -> Cmd {
    let mut command = redis::cmd("XADD");
    command.arg(key).arg("MAXLEN").arg("~").arg(10_000).arg(id);
    for (field, value) in ["data", "timestamp", "event_type"].iter().zip(values) {
        command.arg(field).arg(value);
    }
    command
}

async fn send(mut connection: MultiplexedConnection, pipeline: Pipeline) {
    pipeline.exec_async(&mut connection).await.unwrap();
}
