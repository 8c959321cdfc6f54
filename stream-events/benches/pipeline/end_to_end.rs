//! Rows from `progress!` until the store has acknowledged: many jobs, one job, and with an append-only file.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Instant;

use stream_events::Publisher;

use crate::job::{self, Payload, give_way, say};
use crate::part::{Numbers, play, rate};
use crate::placement::{self, at_work};
use crate::rounds::{Rounds, turn};
use crate::server::Server;
use crate::table::{
    Bound::{AtLeast, AtMost, None},
    Row,
};
use crate::{Asked, benchmark, by_hand, flood, peers};

/// With its start and its end a job has 384 events, and all have a multiple of what `redis-benchmark` sends.
const JOBS: u64 = 1_000;
const EVENTS: u64 = 382;
const AT_A_TIME: u64 = 64;
const EVENTS_OF_ONE: u64 = 204_798;
/// A job is at work for so many events before it lets another one go on.
const IN_A_ROW: u64 = 16;

pub(crate) fn rows(asked: Asked) -> Vec<Row> {
    let server = Server::pinned(&[]);
    let (payload, events) = (sample(&server), JOBS * (EVENTS + 2));
    let mut turns = vec![
        turn("ours", || run(&server, JOBS, EVENTS)),
        turn("benchmark", || {
            benchmark::run(&server, events, JOBS, &payload, false)
        }),
        turn("bounded", || {
            benchmark::run(&server, events, JOBS, &payload, true)
        }),
        turn("awaited", || by_hand::run(&server, JOBS, &payload)),
        turn("flood", || flood::run(&server, JOBS, EVENTS)),
    ];
    if asked.peers {
        turns.extend(peers::turns(&server, &payload));
    }
    let rounds = Rounds::of(&turns);
    let ours = rounds.series("ours", "rate");
    let over = |name| ours.over(&rounds.series(name, "rate"));
    let row = |what: &str, beside: &str, name| {
        Row::new(what, &ours, "/s").beside(beside, &rounds.series(name, "rate"), "/s")
    };
    let cpu = rounds.series("ours", "cpu");
    let mut rows = vec![
        row(
            "until acknowledged, 1,000 jobs, 64 at a time",
            BENCHMARK,
            "benchmark",
        )
        .reach(over("benchmark"), AtLeast(0.9)),
        row("the same, its bound on streams in both", BOUNDED, "bounded")
            .reach(over("bounded"), None),
        Row::new("its client's CPU", &cpu, "µs an event").reach(cpu.clone(), AtMost(0.8)),
        row("against an awaited XADD", "redis-rs", "awaited").reach(over("awaited"), AtLeast(45.0)),
        flood::row(&rounds),
    ];
    if asked.peers {
        rows.extend(peers::rows(&rounds));
    }
    rows
}

pub(crate) fn one_job(_: Asked) -> Vec<Row> {
    let server = Server::pinned(&[]);
    let payload = sample(&server);
    let events = EVENTS_OF_ONE + 2;
    let rounds = Rounds::of(&[
        turn("ours", || run(&server, 1, EVENTS_OF_ONE)),
        turn("benchmark", || {
            benchmark::run(&server, events, 1, &payload, false)
        }),
        turn("bounded", || {
            benchmark::run(&server, events, 1, &payload, true)
        }),
    ]);
    let what = "until acknowledged, one job";
    vec![
        against(what, BENCHMARK, &rounds, "benchmark", AtLeast(0.6)),
        against(
            "the same, its bound on the stream in both",
            BOUNDED,
            &rounds,
            "bounded",
            None,
        ),
    ]
}

pub(crate) fn aof(_: Asked) -> Vec<Row> {
    let server = Server::pinned(&["--appendonly", "yes", "--appendfsync", "everysec"]);
    let (payload, events) = (sample(&server), JOBS * (EVENTS + 2));
    let rounds = Rounds::of(&[
        turn("ours", || run(&server, JOBS, EVENTS)),
        turn("benchmark", || {
            benchmark::run(&server, events, JOBS, &payload, false)
        }),
    ]);
    let what = "1,000 jobs, `appendfsync everysec`";
    vec![against(what, BENCHMARK, &rounds, "benchmark", AtLeast(0.9))]
}

fn against(
    what: &str,
    beside: &str,
    rounds: &Rounds,
    name: &str,
    bound: crate::table::Bound,
) -> Row {
    let (ours, theirs) = (rounds.series("ours", "rate"), rounds.series(name, "rate"));
    Row::new(what, &ours, "/s")
        .beside(beside, &theirs, "/s")
        .reach(ours.over(&theirs), bound)
}

const BENCHMARK: &str = "`redis-benchmark -c 10 -P 256`";
const BOUNDED: &str = "the same with `MAXLEN ~ 10000`";

/// What goes over the wire.
pub(crate) fn sample(server: &Server) -> Payload {
    run(server, 1, 100);
    job::payload(server, &name(0))
}

fn name(job: u64) -> String {
    format!("job_{job:012}")
}

/// Each event has to be there, and none may have been coalesced.
fn run(server: &Server, jobs: u64, events: u64) -> Numbers {
    server.clear();
    let numbers = play(
        "jobs",
        &[&server.url(), &jobs, &events],
        placement::client(),
    );
    // The first job of a process is `job_before`.
    assert_eq!(server.added(), jobs * (events + 2) + 3);
    if jobs > 1 {
        assert_eq!(server.length(), jobs * (events + 2) + 3);
    }
    numbers
}

/// URL, jobs, and events of each.
pub(crate) fn part(arguments: &[String]) -> Numbers {
    let [url, jobs, events] = arguments else {
        panic!("{arguments:?}")
    };
    let (jobs, events): (u64, u64) = (jobs.parse().unwrap(), events.parse().unwrap());
    let installed = job::install(url);
    let publisher = installed.publisher();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    let (begun, before) = (Instant::now(), at_work());
    runtime.block_on(async {
        let next = Arc::new(AtomicU64::new(0));
        let line = |_| {
            tokio::spawn(one_after_the_other(
                publisher.clone(),
                Arc::clone(&next),
                jobs,
                events,
            ))
        };
        let lines: Vec<_> = (0..AT_A_TIME.min(jobs)).map(line).collect();
        for line in lines {
            line.await.unwrap();
        }
        job::flush(publisher).await;
    });
    let (time, cpu) = (begun.elapsed().as_secs_f64(), at_work() - before);
    assert_eq!(publisher.stats().coalesced, 0);
    rate((jobs * (events + 2)) as f64, time, cpu)
}

async fn one_after_the_other(publisher: Publisher, next: Arc<AtomicU64>, jobs: u64, events: u64) {
    loop {
        let job = next.fetch_add(1, Relaxed);
        if job >= jobs {
            return;
        }
        job::at_work(&name(job), async {
            for n in 0..events {
                say(n);
                if n % IN_A_ROW == 0 {
                    give_way(&publisher).await;
                }
            }
        })
        .await;
    }
}
