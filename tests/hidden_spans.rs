//! Spans that the layer was asked for, or needs, and that a filter hides: that is said, once, with what to add. In
//! processes under a watch, since it is for a whole process.
#![allow(clippy::unwrap_used)]

mod unheard;

use std::time::Duration;

use stream_events::{Job, Publisher, job_events, progress, progress_span, publish};
use stream_events_tracing::{JobSpans, ProgressSpan, builder, layer};
use support::{Log, Program, scenario, wait_until};
use tracing_subscriber::filter::{EnvFilter, filter_fn};
use tracing_subscriber::prelude::*;
use tracing_subscriber::registry;
use unheard::{HIDDEN, OUTSIDE, block_on, install, lines};

#[job_events(task_type = "t")]
async fn works(job_id: &str) {
    progress!("at work");
    publish!("row", of = job_id);
}

/// Spans that nobody sees cannot tell of themselves.
#[test]
fn a_filter_that_hides_spans_that_were_asked_for_is_told_once_with_what_to_add() {
    let scenes = [
        ("info", Some("add `apalis=debug` to it"), 0),
        ("warn", Some("add `apalis=debug,my_worker=info` to it"), 1),
        ("info,apalis=debug", None, 0),
        ("info,apalis=debug,stream_events::progress=off", None, 1),
    ];
    let Some(scene) = scenario() else {
        for filter in scenes.map(|(filter, _, _)| filter) {
            for first in ["the layer", "the publisher"] {
                let test =
                    "a_filter_that_hides_spans_that_were_asked_for_is_told_once_with_what_to_add";
                Program::again(test, &format!("{filter} {first}"))
                    .run()
                    .passed();
            }
        }
        return;
    };
    let (filter, first) = scene.split_once(' ').unwrap();
    let log = Log::default();
    let spans = builder().job_spans(JobSpans::apalis()).steps(["my_worker"]);
    let layers = registry().with(EnvFilter::new(filter)).with(spans.layer());
    let layers = layers.with(lines(&log));
    let _installed = if first == "the layer" {
        layers.init();
        install()
    } else {
        let installed = install();
        layers.init();
        installed
    };
    let (_, spans, progress) = scenes.into_iter().find(|scene| scene.0 == filter).unwrap();
    if let Some(directives) = spans {
        wait_until("it is told", || log.count(directives) == 1);
    }
    wait_until("the other is told", || log.count(HIDDEN) == progress);
    block_on(works("job_001"));
    // What is told later comes later.
    publish!("outside");
    wait_until("this is told", || log.count(OUTSIDE) == 1);
    assert_eq!(log.count("do not show"), usize::from(spans.is_some()));
    assert_eq!(log.count("does not reach"), progress);
}

/// Where a publisher is used by hand, there is nothing but its runs to know it by.
#[test]
fn a_publisher_that_is_not_installed_is_told_at_its_first_run() {
    let scenes = [
        ("warn", 1, 1),
        // The spans of runs are there, and would not tell.
        ("warn,stream_events::job=info", 1, 1),
        ("info", 1, 0),
        ("info,apalis=debug", 0, 0),
    ];
    let Some(scene) = scenario() else {
        for filter in scenes.map(|(filter, _, _)| filter) {
            for first in ["the layer", "the run"] {
                let test = "a_publisher_that_is_not_installed_is_told_at_its_first_run";
                Program::again(test, &format!("{filter} {first}"))
                    .run()
                    .passed();
            }
        }
        return;
    };
    let (filter, first) = scene.split_once(' ').unwrap();
    let (_, spans, progress) = scenes.into_iter().find(|scene| scene.0 == filter).unwrap();
    let log = Log::default();
    let spans_of = builder().job_spans(JobSpans::apalis());
    let layers = registry()
        .with(EnvFilter::new(filter))
        .with(spans_of.layer())
        .with(lines(&log));
    // One that is gone by then is told nothing.
    drop(Publisher::connect("memory:").unwrap().job("gone", "t"));
    let publisher = Publisher::connect("memory:").unwrap();
    let run = || drop(publisher.job("job_001", "t").unwrap());
    if first == "the layer" {
        layers.init();
        run();
    } else {
        run();
        layers.init();
    }
    wait_until("it is told", || log.count("do not show") == spans);
    wait_until("this is told", || log.count(HIDDEN) == progress);
    // Nobody is told again.
    let other = Publisher::connect("memory:").unwrap();
    drop((other.job("job_002", "t"), publisher.job("job_003", "t")));
    let installed = other.install();
    // What is told later comes later.
    publish!("outside");
    wait_until("this is told", || log.count(OUTSIDE) == 1);
    drop(installed);
    assert_eq!(log.count("do not show"), spans);
    assert_eq!(log.count("does not reach"), progress);
}

/// Moves on a phase in a job, and takes progress elsewhere.
#[job_events(task_type = "t")]
async fn has_a_phase(job_id: &str) {
    let phase = progress_span!("a phase", total = 2);
    phase.record("current", 1);
    phase.inc(1);
    phase.message("on");
    phase.in_scope(|| progress!("inside"));
    drop(phase);
    let job = Job::current().unwrap();
    std::thread::scope(|threads| {
        threads.spawn(|| job.in_scope(|| progress!("elsewhere")));
    });
    tokio::task::yield_now().await;
    publish!("row", of = job_id);
}

/// What spans would say is not there; all else is.
#[test]
fn spans_that_are_hidden_from_the_layer_harm_nothing() {
    let Some(scene) = scenario() else {
        for scene in ["alone", "beside lines"] {
            let test = "spans_that_are_hidden_from_the_layer_harm_nothing";
            Program::again(test, scene).run().passed();
        }
        return;
    };
    let hides_spans = layer().with_filter(filter_fn(|metadata| !metadata.is_span()));
    let lines = (scene == "beside lines").then(|| lines(&Log::default()));
    registry().with(hides_spans).with(lines).init();
    let installed = install();
    block_on(has_a_phase("job_001"));
    let flushed = installed.publisher().flush(Duration::from_secs(30));
    let report = block_on(flushed);
    assert_eq!(
        report.stats.emitted, 5,
        "its start and end, a row, two lines"
    );
}
