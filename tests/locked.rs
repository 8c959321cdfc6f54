//! Row 36: a layer of log lines has a span locked while it makes a text that is recorded on it. What the
//! text does meanwhile, or has another thread do while it waits, finds the span's job and phase all the
//! same. In processes under a watch, since what waits for itself does so for ever.
#![allow(clippy::unwrap_used)]

use std::fmt;
use std::thread;
use std::time::Duration;

use serde_json::Value;
use stream_events::{Job, Publisher, progress, progress_span, publish};
use stream_events_tracing::{JobSpans, ProgressSpan, builder};
use support::{Program, scenario};
use tracing::field::{Empty, display};
use tracing::{Span, Subscriber, info, info_span};
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::prelude::*;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::{Layer, fmt as lines, registry, reload};

const SOON: Duration = Duration::from_secs(30);

/// A text that does this while it is made.
struct Text<F>(F);

impl<F: Fn()> fmt::Display for Text<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (self.0)();
        f.write_str("a text")
    }
}

const SCENES: [&str; 8] = [
    "inc",
    "set",
    "message",
    "publish",
    "current",
    "progress",
    "opens a phase",
    "enters",
];

/// Each way to say something by this span.
fn act(scene: &str, span: &Span) {
    match scene {
        "inc" => span.inc(3),
        "set" => span.set(6),
        "message" => span.message("another"),
        "publish" => span.in_scope(|| publish!("row")),
        "current" => span.in_scope(|| assert!(Job::current().is_some())),
        "progress" => span.in_scope(|| progress!("in the text")),
        "opens a phase" => span.in_scope(|| progress_span!("in the text").inc(1)),
        "enters" => span.in_scope(|| ()),
        _ => unreachable!("{scene}"),
    }
}

/// Of spans alone: lines of what the texts say would wait for themselves.
fn log_lines<S: Subscriber + for<'a> LookupSpan<'a>>() -> impl Layer<S> {
    let lines = lines::layer().with_writer(std::io::sink);
    lines.with_filter(filter_fn(|metadata| metadata.is_span()))
}

fn subscribe(way: &str) {
    let spans = JobSpans::named("import").completed_by("imported");
    let all = builder().job_spans(spans).steps(["locked"]);
    let lines = registry().with(log_lines());
    match way {
        "before" => lines.with(all.layer()).init(),
        "behind" => registry().with(all.layer()).with(log_lines()).init(),
        "an option" => lines.with(Some(all.layer())).init(),
        "reloadable" => lines.with(reload::Layer::new(all.layer()).0).init(),
        _ => unreachable!("{way}"),
    }
}

/// The events of the job, each as its type, or what it says.
#[tokio::main(flavor = "current_thread")]
async fn told(publisher: &Publisher) -> Vec<String> {
    assert!(publisher.flush(SOON).await.complete);
    let mut history = publisher.reader().history("job_001").unwrap();
    let mut told = Vec::new();
    while let Some(event) = history.next().await {
        let data: Value = serde_json::from_str(&event.unwrap().data()).unwrap();
        told.push(match data["event_type"].as_str().unwrap() {
            "task_progress" => format!("{} {}", data["progress"], data["current"]),
            other => other.to_owned(),
        });
    }
    told
}

/// In a span of the job's, which leads to it, and outside of its scope.
fn says(kind: &str, span: &Span, act: &(dyn Fn() + Sync)) {
    let text = Text(|| match kind {
        "here" => act(),
        _ => thread::scope(|threads| threads.spawn(act).join().unwrap()),
    });
    span.record("more", display(text));
}

fn plays(scene: &str, way: &str, place: &str) {
    let case = format!("{scene}, {way}, {place}");
    subscribe(way);
    let installed = Publisher::connect("memory:").unwrap().install();
    let publisher = installed.publisher();
    let job = publisher.job("job_001", "t").unwrap();
    let is_phase = ["inc", "set", "message", "opens a phase"].contains(&scene);
    let span = job.in_scope(|| match is_phase {
        true => progress_span!("a phase", total = 9, more = Empty),
        false => info_span!(target: "elsewhere", "within", more = Empty),
    });
    says(place, &span, &|| act(scene, &span));
    drop(span);
    job.completed(&());
    let told = told(publisher);
    // The text is made by both layers. Where the Layer makes it, nothing is heard on its own thread.
    let expected = match scene {
        "inc" if place == "here" => r#""a phase" 3"#,
        "inc" | "set" => r#""a phase" 6"#,
        "message" => r#""another" null"#,
        "progress" | "opens a phase" => r#""in the text" null"#,
        "publish" => "row",
        _ => "task_started",
    };
    assert!(
        told.iter().any(|told| told == expected),
        "{case}: {told:#?}"
    );
    assert_eq!(publisher.stats().outside_of_job, 0, "{case}");
}

#[test]
fn what_is_said_by_a_span_while_a_text_of_it_is_made_waits_for_nobody() {
    if let Some(case) = scenario() {
        let [scene, way, place] = case.split(", ").collect::<Vec<_>>()[..] else {
            unreachable!("{case}");
        };
        return plays(scene, way, place);
    }
    let again = |case: String| {
        let test = "what_is_said_by_a_span_while_a_text_of_it_is_made_waits_for_nobody";
        Program::again(test, &case).patience(SOON).run().passed();
    };
    for scene in SCENES {
        for place in ["here", "elsewhere"] {
            again(format!("{scene}, before, {place}"));
        }
    }
    for way in ["behind", "an option", "reloadable"] {
        for scene in ["inc", "publish"] {
            again(format!("{scene}, {way}, elsewhere"));
        }
    }
}

/// The span of a framework's job is entered by a text of its own, and there the run begins.
#[test]
fn a_run_that_begins_in_a_text_of_its_span_waits_for_nobody() {
    let Some(way) = scenario() else {
        for way in ["before", "behind", "an option", "reloadable"] {
            let test = "a_run_that_begins_in_a_text_of_its_span_waits_for_nobody";
            Program::again(test, way).patience(SOON).run().passed();
        }
        return;
    };
    subscribe(&way);
    let installed = Publisher::connect("memory:").unwrap().install();
    let span = info_span!("import", job_id = "job_001", more = Empty);
    says("here", &span, &|| span.in_scope(|| publish!("row")));
    span.in_scope(|| info!("imported"));
    drop(span);
    let told = told(installed.publisher());
    assert_eq!(told.first().unwrap(), "task_started", "{way}");
    assert_eq!(told.last().unwrap(), "task_completed", "{way}");
    assert!(told.contains(&"row".to_owned()), "{way}: {told:?}");
}
