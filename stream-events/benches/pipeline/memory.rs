//! Rows of what the caller's thread allocates, and what is kept in memory.

use stream_events::{DEFAULT_QUEUE_BYTES, Fields, Publisher};
use support::Program;

use crate::Asked;
use crate::job::{self, give_way, say, settle};
use crate::part::{Numbers, measured, numbers, play};
use crate::placement::memory;
use crate::rounds::{Rounds, turn};
use crate::server::Server;
use crate::table::{Bound::AtMost, Row};

/// The queue keeps room for the end of so many and some more.
const JOBS: usize = 10_000;
/// So that what is kept of acknowledged events is full: it is bounded, whatever runs.
const WARM: u64 = 60_000;
/// What a domain event has beside its own.
const PADDING: usize = 500;

/// Of a program of its own: what counts would cost all others something.
pub(crate) fn allocations(_: Asked) -> Vec<Row> {
    let rounds = Rounds::of(&[turn("ours", || {
        let bench = [
            "bench",
            "--quiet",
            "--package",
            env!("CARGO_PKG_NAME"),
            "--bench",
            "allocations",
        ];
        measured(
            bench
                .iter()
                .fold(Program::at(env!("CARGO")), |program, word| {
                    program.arg(word)
                }),
        )
    })]);
    let (times, bytes) = (
        rounds.series("ours", "allocations"),
        rounds.series("ours", "bytes"),
    );
    vec![
        Row::new(
            "allocations on the caller's thread for an event",
            &times,
            "",
        )
        .beside("their bytes", &bytes, "B")
        .reach(times.clone(), AtMost(0.0)),
    ]
}

pub(crate) fn rows(_: Asked) -> Vec<Row> {
    let server = Server::free(&[]);
    let of = |kind| {
        let server = &server;
        turn(kind, move || {
            server.clear();
            play("memory", &[&server.url(), &kind], None)
        })
    };
    let rounds = Rounds::of(&[of("jobs"), of("queue")]);
    let (a_job, queue) = (
        rounds.series("jobs", "kib"),
        rounds.series("queue", "kib").times(1.0 / 1024.0),
    );
    let bound = DEFAULT_QUEUE_BYTES as f64 / f64::from(1 << 20);
    vec![
        Row::new("memory of a running job", &a_job, "KiB").reach(a_job.clone(), AtMost(1.0)),
        Row::new(
            "memory of a queue that is full, over its bound",
            &queue,
            "MiB",
        )
        .beside("events in it", &rounds.series("queue", "events"), "")
        .reach(queue.times(1.0 / bound), AtMost(1.0)),
    ]
}

/// URL, and what is in memory.
pub(crate) fn part(arguments: &[String]) -> Numbers {
    let [url, kind] = arguments else {
        panic!("{arguments:?}")
    };
    let installed = job::install(url);
    let publisher = installed.publisher();
    if kind == "queue" {
        queue(publisher, url)
    } else {
        job::runtime().block_on(jobs(publisher))
    }
}

async fn jobs(publisher: &Publisher) -> Numbers {
    job::at_work("job_warm", async {
        for n in 0..WARM {
            say(n);
            give_way(publisher).await;
        }
    })
    .await;
    settle(publisher).await;
    let mut jobs = Vec::with_capacity(JOBS);
    let before = memory();
    for n in 0..JOBS {
        jobs.push(publisher.job(format!("job_{n:012}"), "bench").unwrap());
        // All at once would be a queue's memory.
        if n % 100 == 0 {
            settle(publisher).await;
        }
    }
    settle(publisher).await;
    numbers([("kib", (memory() - before) / JOBS as f64)])
}

fn queue(publisher: &Publisher, url: &str) -> Numbers {
    let mut client = redis::Client::open(url).unwrap().get_connection().unwrap();
    redis::cmd("CLIENT")
        .arg("PAUSE")
        .arg(60_000)
        .arg("WRITE")
        .exec(&mut client)
        .unwrap();
    let jobs: Vec<_> = (0..1_000)
        .map(|n| publisher.job(format!("job_{n:012}"), "bench").unwrap())
        .collect();
    let (before, row) = (memory(), "x".repeat(PADDING));
    while publisher.stats().dropped.queue_full == 0 {
        jobs.iter()
            .for_each(|job| job.emit("row", Fields::new().field("row", &row)));
    }
    let grown = memory() - before;
    let waiting = publisher.stats().pending as f64;
    redis::cmd("CLIENT")
        .arg("UNPAUSE")
        .exec(&mut client)
        .unwrap();
    numbers([("kib", grown), ("events", waiting)])
}
