//! Rows of how long it takes until a `watch` has an event, at a rate that is held.

use std::thread;
use std::time::{Duration, Instant};

use redis::streams::StreamReadReply;
use stream_events::{Item, Reader, progress, publish};

use crate::job;
use crate::part::{Numbers, numbers, play};
use crate::rounds::{Rounds, Turn, quantile, turn};
use crate::server::Server;
use crate::table::{
    Bound::{AtMost, None},
    Row,
};
use crate::{Asked, by_hand, peers};

const TICK: Duration = Duration::from_millis(1);
/// Of them the first tenth is not measured.
const TICKS: u64 = 1_000;
/// Of an awaited XADD at a rate that it cannot hold.
const TICKS_TOO_FAST: u64 = 100;
const KEY: &str = "job_events:job_001";

pub(crate) fn rows(asked: Asked) -> Vec<Row> {
    let server = Server::free(&[]);
    let of = |name: &'static str, kind: &'static str, a_tick: u64, ticks: u64| -> Turn<'_> {
        let server = &server;
        turn(name, move || {
            server.clear();
            play(
                "latency",
                &[&server.url(), &kind, &a_tick, &ticks],
                Option::None,
            )
        })
    };
    let mut turns = vec![
        of("domain", "domain", 1, TICKS),
        of("awaited", "awaited", 1, TICKS),
        of("progress", "progress", 1, TICKS),
        of("fast", "progress", 50, TICKS),
        of("fast awaited", "awaited", 50, TICKS_TOO_FAST),
    ];
    if asked.peers {
        turns.push(peers::latency(&server));
    }
    let rounds = Rounds::of(&turns);
    let mut rows = Vec::new();
    for (number, most) in [("p50", 1.5), ("p99", 1.5)] {
        let [ours, theirs] = ["domain", "awaited"].map(|name| rounds.series(name, number));
        let what = format!("domain events at 1,000/s until read, {number}");
        rows.push(
            Row::new(what, &ours, "µs")
                .beside("an awaited XADD, XREAD BLOCK", &theirs, "µs")
                .reach(ours.over(&theirs), AtMost(most)),
        );
    }
    let p99 = rounds.series("progress", "p99");
    rows.push(
        Row::new("progress at 1,000/s until read, p99", &p99, "µs")
            .reach(p99.clone(), AtMost(1500.0)),
    );
    if asked.peers {
        rows.push(peers::latency_row(&rounds));
    }
    let (p99, achieved) = (
        rounds.series("fast", "p99"),
        rounds.series("fast awaited", "rate"),
    );
    let fast = Row::new("progress at 50,000/s until read, p99", &p99, "µs");
    rows.push(
        fast.beside("an awaited XADD holds", &achieved, "/s")
            .reach(p99, AtMost(1000.0)),
    );
    let rate = rounds.series("fast", "rate");
    rows.push(Row::new("the same, read", &rate, "/s").reach(rate, None));
    rows
}

/// URL, what is emitted, how many at a tick, and ticks.
pub(crate) fn part(arguments: &[String]) -> Numbers {
    let [url, kind, a_tick, ticks] = arguments else {
        panic!("{arguments:?}")
    };
    let (a_tick, ticks): (u64, u64) = (a_tick.parse().unwrap(), ticks.parse().unwrap());
    let (begun, count, url) = (Instant::now(), a_tick * ticks, url.clone());
    let now = move || begun.elapsed().as_nanos() as u64;
    if kind == "awaited" {
        let of_reader = url.clone();
        let reader =
            thread::spawn(move || job::runtime().block_on(read_by_hand(&of_reader, count, now)));
        job::runtime().block_on(async {
            let mut connection = by_hand::connect(&url).await;
            emit(a_tick, ticks, async || {
                let data = format!("{{\"event_type\":\"row\",\"at\":{}}}", now());
                by_hand::xadd(&mut connection, KEY, &data, "").await;
            })
            .await;
        });
        return summary(reader.join().unwrap());
    }
    let field = if kind == "domain" { "at" } else { "current" };
    let installed = job::install(&url);
    let reader = thread::spawn(move || job::runtime().block_on(watch(&url, field, now)));
    job::runtime().block_on(job::at_work("job_001", async {
        if field == "at" {
            emit(a_tick, ticks, async || publish!("row", at = now())).await;
        } else {
            emit(a_tick, ticks, async || {
                progress!("at work", current = now())
            })
            .await;
        }
    }));
    assert_eq!(installed.publisher().stats().coalesced, 0);
    let numbers = reader.join().unwrap();
    assert_eq!(numbers.0.len() as u64, count, "each is read");
    summary(numbers)
}

/// Latencies in µs in the order of events, and seconds from the first to the last.
type Read = (Vec<f64>, f64);

fn summary((latencies, seconds): Read) -> Numbers {
    let rate = latencies.len() as f64 / seconds;
    let mut latencies = latencies[latencies.len() / 10..].to_vec();
    let [p50, p99] = [0.5, 0.99].map(|part| quantile(&mut latencies, part));
    numbers([("p50", p50), ("p99", p99), ("rate", rate)])
}

/// The thread sleeps between two ticks: this job alone is on it.
async fn emit(a_tick: u64, ticks: u64, mut one: impl AsyncFnMut()) {
    let begun = Instant::now() + TICK * 20;
    for tick in 0..ticks {
        let due = begun + TICK * tick as u32;
        thread::sleep(due.saturating_duration_since(Instant::now()));
        for _ in 0..a_tick {
            one().await;
        }
    }
}

async fn watch(url: &str, field: &str, now: impl Fn() -> u64) -> Read {
    let mut watch = Reader::connect(url).unwrap().watch("job_001").unwrap();
    let mut read = Since::default();
    while let Some(item) = watch.next().await {
        let Item::Event(event) = item.unwrap() else {
            panic!("a gap")
        };
        if let Some(at) = event.field(field).unwrap() {
            read.note(at, now());
        }
    }
    read.done()
}

async fn read_by_hand(url: &str, count: u64, now: impl Fn() -> u64) -> Read {
    let mut connection = by_hand::connect(url).await;
    let (mut after, mut read) = ("0".to_owned(), Since::default());
    while (read.latencies.len() as u64) < count {
        let mut command = redis::cmd("XREAD");
        command
            .arg("COUNT")
            .arg(100)
            .arg("BLOCK")
            .arg(0)
            .arg("STREAMS")
            .arg(KEY)
            .arg(&after);
        let reply: StreamReadReply = command.query_async(&mut connection).await.unwrap();
        for entry in reply.keys.into_iter().flat_map(|key| key.ids) {
            let data: String = entry.get("data").unwrap();
            let data: serde_json::Value = serde_json::from_str(&data).unwrap();
            read.note(data["at"].as_u64().unwrap(), now());
            after = entry.id;
        }
    }
    read.done()
}

#[derive(Default)]
struct Since {
    latencies: Vec<f64>,
    first: u64,
    last: u64,
}

impl Since {
    fn note(&mut self, at: u64, now: u64) {
        if self.latencies.is_empty() {
            self.first = at;
        }
        self.last = now;
        self.latencies.push((now - at) as f64 / 1e3);
    }

    fn done(self) -> Read {
        (self.latencies, (self.last - self.first) as f64 / 1e9)
    }
}
