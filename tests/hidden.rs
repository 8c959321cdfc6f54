//! Progress that reaches no stream, since it is of no job or hidden by a filter: that is said, once. In
//! processes under a watch, since it is for a whole process.
#![allow(clippy::unwrap_used)]

mod unheard;

use stream_events::{Publisher, job_events, progress, progress_span, publish};
use stream_events_tracing::{ProgressSpan, layer};
use support::{Log, Program, scenario, wait_until};
use tracing::Instrument;
use tracing_subscriber::filter::EnvFilter;
use tracing_subscriber::prelude::*;
use tracing_subscriber::registry;
use unheard::{HIDDEN, OUTSIDE, block_on, install, lines};

/// Says things outside of all jobs, and says how many.
fn says_outside() -> u64 {
    for n in 0..3 {
        progress!("outside", n);
    }
    let phase = progress_span!("outside", total = 2);
    phase.inc(1);
    phase.record("current", 2);
    drop(phase);
    publish!("outside");
    5
}

/// And in a task of a job that is over.
fn says_too_late(publisher: &Publisher) -> u64 {
    let job = publisher.job("over", "t").unwrap();
    let task = job.in_scope(|| {
        async {
            progress!("too late");
            publish!("too_late");
        }
        .in_current_span()
    });
    drop(job);
    block_on(task);
    2
}

#[test]
fn what_is_said_outside_of_a_job_is_counted_and_told_once() {
    if scenario().is_none() {
        let test = "what_is_said_outside_of_a_job_is_counted_and_told_once";
        return Program::again(test, "plays").run().passed();
    }
    let log = Log::default();
    registry().with(layer()).with(lines(&log)).init();
    // With no publisher installed, nobody is told: jobs leave no events at all.
    says_outside();
    let installed = install();
    let publisher = installed.publisher();
    assert_eq!(publisher.stats().outside_of_job, 0);
    let mut said = says_outside();
    assert_eq!(publisher.stats().outside_of_job, said);
    said += says_too_late(publisher);
    let stats = publisher.stats();
    assert_eq!(stats.outside_of_job, said);
    assert_eq!(stats.emitted, 2, "the start and the end of the one job");
    wait_until("it is told", || log.count(OUTSIDE) == 1);
    // What is told later comes later.
    publish!("outside");
    assert_eq!(publisher.stats().outside_of_job, said + 1);
    drop(installed);
    assert_eq!(log.count("outside of a job has no effect"), 1);
}

#[job_events(task_type = "t")]
async fn works(job_id: &str) {
    progress!("at work");
    publish!("row", of = job_id);
}

/// Row 37
#[test]
fn a_filter_that_hides_progress_is_told_once_with_what_to_add() {
    let Some(filter) = scenario() else {
        let shown = [
            "warn,stream_events=info",
            "warn,stream_events::progress=info",
            "beside",
        ];
        for filter in ["warn", "error"].iter().chain(&shown) {
            let test = "a_filter_that_hides_progress_is_told_once_with_what_to_add";
            Program::again(test, filter).run().passed();
        }
        return;
    };
    let log = Log::default();
    if filter == "beside" {
        let lines = lines(&log).with_filter(EnvFilter::new("warn"));
        registry().with(layer()).with(lines).init();
    } else {
        let layers = registry().with(EnvFilter::new(&filter)).with(layer());
        layers.with(lines(&log)).init();
    }
    let installed = install();
    block_on(works("job_001"));
    block_on(works("job_002"));
    if ["warn", "error"].contains(&filter.as_str()) {
        return wait_until("it is told", || log.count(HIDDEN) == 1);
    }
    // What is told later comes later.
    publish!("outside");
    wait_until("this is told", || log.count(OUTSIDE) == 1);
    assert_eq!(log.count("does not reach"), 0, "{filter}");
    assert_eq!(installed.publisher().stats().emitted, 8);
}

#[test]
fn a_layer_that_is_thrown_away_has_nothing_hidden_from_it() {
    if scenario().is_none() {
        let test = "a_layer_that_is_thrown_away_has_nothing_hidden_from_it";
        return Program::again(test, "plays").run().passed();
    }
    let log = Log::default();
    let layers = registry().with(EnvFilter::new("warn"));
    layers.with(lines(&log)).init();
    drop(layer::<tracing_subscriber::Registry>());
    let _installed = install();
    block_on(works("job_001"));
    // What is told later comes later.
    publish!("outside");
    wait_until("this is told", || log.count(OUTSIDE) == 1);
    assert_eq!(log.count("does not reach"), 0);
}
