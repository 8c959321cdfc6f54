//! Rows of `progress!` where nobody listens, and outside of any job.

use std::hint::black_box;
use std::time::Instant;

use crate::Asked;
use crate::job::{self, say};
use crate::part::{Numbers, numbers, play};
use crate::placement;
use crate::rounds::{Rounds, quantile, turn};
use crate::server::Server;
use crate::table::{Bound::AtMost, Row};

const CALLS: u64 = 100_000;
const TIMES: usize = 51;

pub(crate) fn rows(_: Asked) -> Vec<Row> {
    let server = Server::pinned(&[]);
    let of = |kind| {
        let server = &server;
        turn(kind, move || {
            play("quiet", &[&server.url(), &kind], placement::client())
        })
    };
    let rounds = Rounds::of(&[of("nobody"), of("outside")]);
    let row = |what: &str, kind, most| {
        let more = rounds.series(kind, "more");
        Row::new(what, &more, "ns").reach(more, AtMost(most))
    };
    vec![
        row(
            "`progress!` without a subscriber, over nothing",
            "nobody",
            2.0,
        ),
        row(
            "`progress!` outside of any job, over nothing",
            "outside",
            30.0,
        ),
    ]
}

/// URL, and who listens.
pub(crate) fn part(arguments: &[String]) -> Numbers {
    let [url, kind] = arguments else {
        panic!("{arguments:?}")
    };
    let _installed = (kind == "outside").then(|| job::install(url));
    numbers([("more", over_nothing(|n| say(black_box(n)), CALLS))])
}

/// What a call adds to a loop around nothing, in ns: medians, in turns.
pub(crate) fn over_nothing(call: impl Fn(u64), calls: u64) -> f64 {
    let mut times = [Vec::new(), Vec::new()];
    for _ in 0..TIMES {
        times[0].push(time(
            |n| {
                black_box(n);
            },
            calls,
        ));
        times[1].push(time(
            |n| {
                black_box(n);
                call(n);
            },
            calls,
        ));
    }
    let [nothing, call] = times.map(|mut times| quantile(&mut times, 0.5));
    call - nothing
}

fn time(call: impl Fn(u64), calls: u64) -> f64 {
    let begun = Instant::now();
    for n in 0..calls {
        call(black_box(n));
    }
    begun.elapsed().as_secs_f64() * 1e9 / calls as f64
}
