//! Rows of thousands of jobs that are watched: on the hub's one connection, and on one each.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use stream_events::{Item, Reader, Watch};
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::Asked;
use crate::job;
use crate::part::{Numbers, numbers, play};
use crate::placement::memory;
use crate::rounds::{Rounds, Turn, quantile, turn};
use crate::server::Server;
use crate::table::{
    Bound::{AtMost, None},
    Row,
};

pub(crate) const TICK: Duration = Duration::from_millis(1);
/// At a tick: 20,000 events a second.
pub(crate) const A_TICK: u64 = 20;
/// Of them the first tenth is not measured.
pub(crate) const TICKS: u64 = 2_000;
/// What is settled by then is settled.
pub(crate) const REST: Duration = Duration::from_millis(200);
pub(crate) const MANY: u64 = 10_000;
/// As many connections as a server of 10,000 clients bears well.
const FEWER: u64 = 1_000;

pub(crate) fn rows(_: Asked) -> Vec<Row> {
    let server = Server::free(&[]);
    let of = |name: &'static str, kind: &'static str, watches: u64| -> Turn<'_> {
        let server = &server;
        turn(name, move || {
            server.clear();
            let arguments: [&dyn std::fmt::Display; 3] = [&server.url(), &kind, &watches];
            play("watchers", &arguments, Option::None)
        })
    };
    let rounds = Rounds::of(&[
        of("many", "hub", MANY),
        of("fewer", "hub", FEWER),
        of("own", "own", FEWER),
    ]);
    let [p50, p99, rate, kib] = ["p50", "p99", "rate", "kib"].map(|of| rounds.series("many", of));
    let mut rows = vec![
        Row::new(
            "10,000 watches by a hub, 20,000 events/s until read, p50",
            &p50,
            "µs",
        ),
        Row::new("the same, p99", &p99, "µs").reach(p99.clone(), AtMost(2000.0)),
        Row::new("the same, read", &rate, "/s").reach(rate, None),
        Row::new("memory of one of 10,000 watches that wait", &kib, "KiB")
            .reach(kib.clone(), AtMost(4.0)),
    ];
    for (number, what, unit) in [
        (
            "p50",
            "1,000 watches by a hub, 20,000 events/s until read, p50",
            "µs",
        ),
        ("p99", "the same, p99", "µs"),
        ("kib", "memory of one of 1,000 watches that wait", "KiB"),
    ] {
        let [hub, own] = ["fewer", "own"].map(|of| rounds.series(of, number));
        rows.push(
            Row::new(what, &hub, unit)
                .beside("a connection each", &own, unit)
                .reach(hub.over(&own), None),
        );
    }
    rows
}

/// URL, whose connections, and how many watches, each of a job of its own.
pub(crate) fn part(arguments: &[String]) -> Numbers {
    let [url, kind, watches] = arguments else {
        panic!("{arguments:?}")
    };
    let watches: u64 = watches.parse().unwrap();
    let mut writer = Writer::new(url, watches);
    // Each job has a beginning, so that each watch is known to wait.
    writer.append(watches);
    let reader = Reader::connect(url.as_str()).unwrap();
    let hub = reader.hub();
    let watch = |n: u64| match kind.as_str() {
        "hub" => hub.watch(job_id(n)).unwrap(),
        _ => reader.watch(job_id(n)).unwrap(),
    };
    let (read, begun) = (Arc::new(Mutex::new(Read::default())), writer.begun);
    job::runtime().block_on(async {
        let mut tasks = JoinSet::new();
        // What all of them need once is there before.
        tasks.spawn(follow(watch(watches), Arc::default(), begun));
        sleep(REST).await;
        let before = memory();
        for n in 0..watches {
            tasks.spawn(follow(watch(n), Arc::clone(&read), begun));
        }
        until(&read, watches).await;
        sleep(REST).await;
        let kib = (memory() - before) / watches as f64;
        *lock(&read) = Read::default();
        let writes = thread::spawn(move || writer.hold());
        until(&read, A_TICK * TICKS).await;
        writes.join().unwrap();
        let read = std::mem::take(&mut *lock(&read));
        let mut numbers = read.summary();
        numbers.push(("kib".to_owned(), kib));
        numbers
    })
}

async fn follow(mut watch: Watch, read: Arc<Mutex<Read>>, begun: Instant) {
    while let Some(item) = watch.next().await {
        let Item::Event(event) = item.unwrap() else {
            panic!("a gap")
        };
        let at = Duration::from_nanos(event.field("at").unwrap().unwrap());
        lock(&read).note(at, begun.elapsed());
    }
}

pub(crate) async fn until(read: &Mutex<Read>, count: u64) {
    while (lock(read).latencies.len() as u64) < count {
        sleep(TICK).await;
    }
}

pub(crate) fn lock(read: &Mutex<Read>) -> MutexGuard<'_, Read> {
    read.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(crate) fn job_id(n: u64) -> String {
    format!("job_{n:012}")
}

/// Latencies in µs in the order of events, and when the first was written and the last read.
#[derive(Default)]
pub(crate) struct Read {
    latencies: Vec<f64>,
    first: Duration,
    last: Duration,
}

impl Read {
    pub(crate) fn note(&mut self, at: Duration, now: Duration) {
        if self.latencies.is_empty() {
            self.first = at;
        }
        self.last = now;
        self.latencies.push((now - at).as_nanos() as f64 / 1e3);
    }

    pub(crate) fn summary(self) -> Numbers {
        let rate = self.latencies.len() as f64 / (self.last - self.first).as_secs_f64();
        let mut latencies = self.latencies[self.latencies.len() / 10..].to_vec();
        let [p50, p99, most] = [0.5, 0.99, 1.0].map(|part| quantile(&mut latencies, part));
        numbers([("p50", p50), ("p99", p99), ("most", most), ("rate", rate)])
    }
}

/// Appends to one job after the other, on a connection of its own.
pub(crate) struct Writer {
    client: redis::Connection,
    jobs: u64,
    written: u64,
    pub(crate) begun: Instant,
}

impl Writer {
    pub(crate) fn new(url: &str, jobs: u64) -> Self {
        let client = redis::Client::open(url).unwrap().get_connection();
        Self {
            client: client.unwrap(),
            jobs,
            written: 0,
            begun: Instant::now(),
        }
    }

    pub(crate) fn append(&mut self, events: u64) {
        let at = self.begun.elapsed().as_nanos();
        let mut pipeline = redis::Pipeline::new();
        for _ in 0..events {
            let (job, seq) = (self.written % self.jobs, self.written / self.jobs);
            let data = format!(
                r#"{{"event_type":"row","job_id":"{}","run":"01a2b3c4d5e6","seq":{seq},"at":{at}}}"#,
                job_id(job)
            );
            let add = pipeline
                .cmd("XADD")
                .arg(format!("job_events:{}", job_id(job)));
            add.arg("MAXLEN").arg("~").arg(10_000).arg("*");
            add.arg("data").arg(data);
            add.arg("timestamp").arg("2026-11-23T20:23:45.123456+00:00");
            add.arg("event_type").arg("row").ignore();
            self.written += 1;
        }
        pipeline.exec(&mut self.client).unwrap();
    }

    /// Holds the rate. It sleeps between two ticks.
    pub(crate) fn hold(mut self) {
        let begun = Instant::now();
        for tick in 0..TICKS {
            let due = begun + TICK * tick as u32;
            thread::sleep(due.saturating_duration_since(Instant::now()));
            self.append(A_TICK);
        }
    }
}
