//! The row of producers that never give way: what does not fit is coalesced, and still counted.

use std::time::Instant;

use crate::job::{self, say};
use crate::part::{Numbers, numbers, play};
use crate::placement;
use crate::rounds::Rounds;
use crate::server::Server;
use crate::table::{Bound::None, Row};

/// What was emitted has to be on the streams, or to have been coalesced.
pub(crate) fn run(server: &Server, jobs: u64, events: u64) -> Numbers {
    server.clear();
    let measured = play(
        "flood",
        &[&server.url(), &jobs, &events],
        placement::client(),
    );
    let of = |name| {
        measured
            .iter()
            .find(|(number, _)| number == name)
            .unwrap()
            .1
    };
    assert_eq!(server.length() as f64 + of("coalesced"), of("emitted"));
    measured
}

pub(crate) fn row(rounds: &Rounds) -> Row {
    let share = rounds
        .series("flood", "coalesced")
        .over(&rounds.series("flood", "emitted"));
    Row::new(
        "a flood of the same that never gives way",
        &rounds.series("flood", "rate"),
        "/s",
    )
    .beside("coalesced of it", &share.times(100.0), "%")
    .reach(rounds.series("flood", "rate"), None)
}

/// URL, jobs, and how many events of each there would be for one that gives way: here it is four times that.
pub(crate) fn part(arguments: &[String]) -> Numbers {
    let [url, jobs, events] = arguments else {
        panic!("{arguments:?}")
    };
    let (jobs, events): (u64, u64) = (jobs.parse().unwrap(), events.parse().unwrap());
    let installed = job::install(url);
    let publisher = installed.publisher();
    let begun = Instant::now();
    let jobs: Vec<_> = (0..jobs)
        .map(|n| publisher.job(format!("job_{n:012}"), "bench").unwrap())
        .collect();
    for n in 0..events * 4 {
        jobs.iter().for_each(|job| job.in_scope(|| say(n)));
    }
    jobs.into_iter().for_each(|job| job.completed(&()));
    job::runtime().block_on(job::flush(publisher));
    let time = begun.elapsed().as_secs_f64();
    let stats = publisher.stats();
    assert_eq!((stats.dropped.total(), stats.pending), (0, 0));
    let [emitted, coalesced] = [stats.emitted, stats.coalesced].map(|events| events as f64);
    numbers([
        ("rate", emitted / time),
        ("emitted", emitted),
        ("coalesced", coalesced),
    ])
}
