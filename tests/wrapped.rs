//! The Layer in each of the ways in which layers are put together: with all of them a job's progress is
//! there once. In processes under a watch, with the process's one subscriber.
#![allow(clippy::unwrap_used)]

#[allow(dead_code, reason = "others have more of it")]
mod installed;

use installed::{events, publisher};
use stream_events::{job_events, progress, progress_span, publish};
use stream_events_tracing::layer;
use support::{Log, Program, scenario};
use tracing::level_filters::LevelFilter;
use tracing::{Dispatch, Instrument, Span, Subscriber, dispatcher, info_span};
use tracing_subscriber::filter::EnvFilter;
use tracing_subscriber::prelude::*;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::{Layer, fmt, registry, reload};

/// Says all that can be said, here and in tasks: in the job's span, and in one within it.
#[job_events(task_type = "t")]
async fn works(job_id: &str, is_within: bool) {
    says_all(job_id);
    let task = async { says_all("a task") };
    let span = if is_within {
        info_span!("within")
    } else {
        Span::current()
    };
    tokio::spawn(task.instrument(span)).await.unwrap();
}

fn says_all(place: &str) {
    progress!("in {place}");
    let phase = progress_span!("a phase of {place}", total = 2);
    phase.record("current", 2);
    drop(phase);
    publish!("row", place);
}

fn lines<S: Subscriber + for<'a> LookupSpan<'a>>() -> impl Layer<S> {
    fmt::layer().with_writer(std::io::sink)
}

const WAYS: [&str; 9] = [
    "an option",
    "a box",
    "several",
    "reloadable",
    "reloadable, in an option",
    "behind another",
    "below a level",
    "twice",
    "twice, in options",
];

fn subscribe(way: &str) {
    let layers = registry().with(lines());
    match way {
        "an option" => layers.with(Some(layer())).init(),
        "a box" => layers.with(layer().boxed()).init(),
        "several" => layers.with(vec![layer().boxed(), lines().boxed()]).init(),
        "reloadable" => layers.with(reload::Layer::new(layer()).0).init(),
        "reloadable, in an option" => layers.with(Some(reload::Layer::new(layer()).0)).init(),
        "behind another" => layers.with(lines().and_then(layer())).init(),
        "below a level" => layers.with(layer().with_filter(LevelFilter::INFO)).init(),
        "twice" => layers.with(layer()).with(layer()).init(),
        "twice, in options" => layers.with(Some(layer())).with(Some(layer())).init(),
        _ => unreachable!("{way}"),
    }
}

#[test]
fn however_the_layer_is_put_in_all_is_there_once() {
    let Some(way) = scenario() else {
        for way in WAYS {
            let test = "however_the_layer_is_put_in_all_is_there_once";
            Program::again(test, way).run().passed();
        }
        return;
    };
    subscribe(&way);
    publisher();
    let runtime = tokio::runtime::Builder::new_multi_thread().build().unwrap();
    // Both of them hide from the Layer where it is.
    let is_lost = way == "reloadable, in an option";
    runtime.block_on(works("job_001", false));
    runtime.block_on(works("job_002", !is_lost));
    for job_id in ["job_001", "job_002"] {
        let events = runtime.block_on(events(job_id));
        let kinds: Vec<_> = events
            .iter()
            .map(|event| event["event_type"].as_str().unwrap())
            .collect();
        let progress = "task_progress";
        let all = [progress, progress, progress, progress, "row"];
        let expected = [&["task_started"][..], &all, &all, &["task_completed"]].concat();
        assert_eq!(kinds, expected, "{way}");
    }
}

/// Row 37: one part of a program may have a subscriber of its own, without the Layer.
#[test]
fn a_subscriber_without_the_layer_hides_nothing_from_it() {
    let Some(scene) = scenario() else {
        for scene in ["without", "reloadable, in an option"] {
            let test = "a_subscriber_without_the_layer_hides_nothing_from_it";
            Program::again(test, scene).run().passed();
        }
        return;
    };
    let log = Log::default();
    let own = fmt::layer().with_ansi(false).with_writer(log.writer());
    registry().with(layer()).with(own).init();
    let warns = registry().with(EnvFilter::new("warn"));
    let part = match scene.as_str() {
        "without" => Dispatch::new(warns),
        // There it is, and does not show.
        _ => Dispatch::new(warns.with(Some(reload::Layer::new(layer()).0))),
    };
    let run = || drop(publisher().job("elsewhere", "t").unwrap());
    dispatcher::with_default(&part, run);
    // What is told later comes later.
    publish!("outside");
    log.wait_for(&["outside of a job"]);
    let hidden = usize::from(scene != "without");
    assert_eq!(log.count("does not reach"), hidden, "{}", log.text());
}
