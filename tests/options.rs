//! All that the Layer can be asked for, at once: in the ways in which layers are put together, and with
//! texts that do what no text should. In processes under a watch, with the process's one subscriber.
#![allow(clippy::unwrap_used)]

#[allow(dead_code, reason = "others have more of it")]
mod installed;
mod odd;

use std::io;

use installed::{events, publisher};
use odd::Odd;
use serde_json::Value;
use stream_events::{progress, progress_span, publish};
use stream_events_tracing::{Builder, JobSpans, builder};
use support::{Log, Program, scenario};
use tracing::field::{Empty, display};
use tracing::{Level, Subscriber, info, info_span};
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::prelude::*;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::{Layer, fmt as lines, registry, reload};

fn asks_for_all() -> Builder {
    let spans = JobSpans::named("import")
        .completed_by("imported")
        .failed_by("refused", "why");
    builder()
        .logs(Level::INFO)
        .steps(["options"])
        .job_spans(spans)
}

/// The types of a job's events, progress by its message, and log lines by theirs.
fn told(job_id: &str) -> Vec<String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let text = |event: &Value, key: &str| event[key].as_str().unwrap_or_default().to_owned();
    let told = |event: &Value| match text(event, "event_type").as_str() {
        "task_progress" => format!("progress: {}", text(event, "progress")),
        "log" => format!("log: {}", text(event, "message")),
        other => other.to_owned(),
    };
    runtime.block_on(events(job_id)).iter().map(told).collect()
}

fn log_lines<S: Subscriber + for<'a> LookupSpan<'a>>() -> impl Layer<S> {
    lines::layer().with_writer(io::sink)
}

const WAYS: [&str; 5] = [
    "an option",
    "a box",
    "reloadable",
    "behind another",
    "twice",
];

fn subscribe(way: &str) {
    let layers = registry().with(log_lines());
    let all = asks_for_all();
    match way {
        "an option" => layers.with(Some(all.layer())).init(),
        "a box" => layers.with(all.layer().boxed()).init(),
        "reloadable" => layers.with(reload::Layer::new(all.layer()).0).init(),
        "behind another" => layers.with(log_lines().and_then(all.layer())).init(),
        "twice" => layers.with(all.clone().layer()).with(all.layer()).init(),
        _ => unreachable!("{way}"),
    }
}

#[test]
fn however_the_layer_is_put_in_all_that_was_asked_for_is_there_once() {
    let Some(way) = scenario() else {
        for way in WAYS {
            let test = "however_the_layer_is_put_in_all_that_was_asked_for_is_there_once";
            Program::again(test, way).run().passed();
        }
        return;
    };
    subscribe(&way);
    publisher();
    info_span!(target: "a_framework", "import", job_id = "job_001").in_scope(|| {
        info_span!("reads").in_scope(|| info!("reading"));
        progress!("read");
        info!(target: "a_framework", "imported");
    });
    let expected = [
        "task_started",
        "progress: reads",
        "log: reading",
        "progress: reads",
        "progress: read",
        "log: imported",
        "task_completed",
    ];
    assert_eq!(told("job_001"), expected, "{way}");
}

/// Does, in the middle of a text, what a job may do.
fn says_all() {
    info!("in the middle of a text");
    log::warn!("in the middle of a text");
    progress!("in the middle of a text");
    let step = info_span!("in the middle", job_id = "job_003");
    step.in_scope(|| publish!("in_the_middle"));
    info_span!("import", job_id = "job_004").in_scope(|| info!("imported"));
}

fn panics() {
    panic!("in the middle of a text");
}

/// Rows 35 and 36
#[test]
fn texts_that_say_all_or_panic_keep_no_job_from_its_end() {
    let Some(scene) = scenario() else {
        for scene in [
            "says all",
            "says all, and there are log lines",
            "says all, and there are log lines of spans",
            "panics",
        ] {
            let test = "texts_that_say_all_or_panic_keep_no_job_from_its_end";
            Program::again(test, scene).run().passed();
        }
        return;
    };
    let has_lines = scene.ends_with("log lines");
    let lines = scene.contains("log lines").then(log_lines);
    let lines = lines.with_filter(filter_fn(move |to| has_lines || to.is_span()));
    registry().with(lines).with(asks_for_all().layer()).init();
    publisher();
    let odd = Odd(if scene == "panics" { panics } else { says_all });
    let import = info_span!("import", job_id = "job_002", odd = %odd, more = Empty);
    import.in_scope(|| {
        if !has_lines {
            // Those lines wait for themselves here, with or without us.
            import.record("more", display(odd));
        }
        info_span!("a step", ?odd).in_scope(|| info!(?odd, "a line"));
        progress_span!("a phase", %odd).in_scope(|| publish!("row"));
        info!(why = %odd, "refused");
    });
    drop(import);
    let told = told("job_002");
    let expected = [
        "progress: a step",
        "log: a line",
        "progress: a phase",
        "row",
        "log: refused",
    ];
    for expected in expected {
        assert!(
            told.iter().any(|told| told == expected),
            "{expected} in {told:?}"
        );
    }
    assert_eq!(
        (&*told[0], &**told.last().unwrap()),
        ("task_started", "task_failed")
    );
    // A job that is named by such a text has no name, or that one.
    let named = info_span!("import", job_id = %odd);
    named.in_scope(|| info!("imported"));
}

#[test]
fn a_span_that_names_no_job_is_told_and_leaves_no_events() {
    if scenario().is_none() {
        let test = "a_span_that_names_no_job_is_told_and_leaves_no_events";
        return Program::again(test, "").run().passed();
    }
    let log = Log::default();
    let lines = lines::layer().with_ansi(false).with_writer(log.writer());
    registry().with(asks_for_all().layer()).with(lines).init();
    publisher();
    info_span!("import", job_id = "no {job}").in_scope(|| info!("imported"));
    log.wait_for(&[
        "ERROR stream_events: a run of a span `import` leaves no events: the job id \"no {job}\" ",
    ]);
    assert_eq!(publisher().stats().emitted, 0);
}
