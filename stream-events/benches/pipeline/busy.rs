//! The row of a job that never awaits: what of it can be seen while it works.

use std::time::{Duration, Instant};

use crate::Asked;
use crate::job::{self, say};
use crate::part::{Numbers, numbers, play};
use crate::rounds::{Rounds, turn};
use crate::server::Server;
use crate::table::{Bound::AtLeast, Row};

const CALLS: u64 = 1_000;
const WORK: Duration = Duration::from_millis(1);

pub(crate) fn rows(_: Asked) -> Vec<Row> {
    let server = Server::free(&[]);
    let rounds = Rounds::of(&[turn("ours", || {
        server.clear();
        play("busy", &[&server.url()], None)
    })]);
    let share = rounds.series("ours", "share");
    vec![
        Row::new(
            "delivered of a CPU-bound job's events by its half-time",
            &share,
            "%",
        )
        .reach(share.clone(), AtLeast(99.0)),
    ]
}

/// URL.
pub(crate) fn part(arguments: &[String]) -> Numbers {
    let [url] = arguments else {
        panic!("{arguments:?}")
    };
    let installed = job::install(url);
    let mut client = redis::Client::open(url.as_str())
        .unwrap()
        .get_connection()
        .unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let job = tokio::task::unconstrained(job::at_work("job_001", async move {
        let mut share = 0.0;
        for n in 0..CALLS {
            let begun = Instant::now();
            while begun.elapsed() < WORK {}
            say(n);
            if n == CALLS / 2 {
                let seen: f64 = redis::cmd("XLEN")
                    .arg("job_events:job_001")
                    .query(&mut client)
                    .unwrap();
                // With `task_started`.
                share = seen * 100.0 / (n + 2) as f64;
            }
        }
        share
    }));
    let share = runtime.block_on(async { runtime.spawn(job).await.unwrap() });
    drop(installed);
    numbers([("share", share)])
}
