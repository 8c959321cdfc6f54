//! How often a phase speaks, where the Layer is told. In processes of their own, since each has one Layer.
#![allow(clippy::unwrap_used)]

use std::time::{Duration, Instant};

use stream_events::{Publisher, progress_span};
use stream_events_tracing::{DEFAULT_THROTTLE, ProgressSpan, builder};
use support::{Program, RawEntry, TestRedis, scenario};
use tracing::Span;
use tracing_subscriber::prelude::*;

/// Where a phase says that it stands, which does this.
fn currents(throttle: Duration, work: impl FnOnce(&Span)) -> Vec<u64> {
    let redis = TestRedis::start();
    let ours = builder().throttle(throttle).layer();
    tracing_subscriber::registry().with(ours).init();
    let installed = Publisher::connect(redis.url()).unwrap().install();
    let job = installed.publisher().job("job_001", "t").unwrap();
    work(&job.in_scope(|| progress_span!("steps")));
    job.completed(&());
    // It delivers what waits.
    drop(installed);
    let current = |entry: &RawEntry| entry.data()["current"].as_u64();
    let entries = redis.entries("job_events:job_001");
    entries.iter().filter_map(current).collect()
}

#[test]
fn a_phase_speaks_no_more_often_than_the_layer_is_told() {
    if scenario().is_none() {
        let test = "a_phase_speaks_no_more_often_than_the_layer_is_told";
        return Program::again(test, "plays").run().passed();
    }
    let (hour, mut steps) = (Duration::from_secs(3600), 0);
    let said = currents(hour, |phase| {
        let began = Instant::now();
        // By itself it would have spoken three times.
        while began.elapsed() < 3 * DEFAULT_THROTTLE {
            phase.inc(1);
            steps += 1;
        }
    });
    assert_eq!(said, [steps], "its end alone");
}

#[test]
fn a_phase_says_each_number_where_the_layer_is_told_to_wait_for_none() {
    if scenario().is_none() {
        let test = "a_phase_says_each_number_where_the_layer_is_told_to_wait_for_none";
        return Program::again(test, "plays").run().passed();
    }
    let said = currents(Duration::ZERO, |phase| (0..500).for_each(|_| phase.inc(1)));
    let all: Vec<_> = (1..=500).chain([500]).collect();
    assert_eq!(said, all, "and its end says the last again");
}
