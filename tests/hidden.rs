//! Progress that reaches no stream, since it is of no job or hidden by a filter: that is said, once. In
//! processes under a watch, since it is for a whole process.
#![allow(clippy::unwrap_used)]

use stream_events::{Installed, Job, Publisher, job_events, progress, progress_span, publish};
use stream_events_tracing::{JobSpans, ProgressSpan, builder, layer};
use support::{Log, Program, scenario, wait_until};
use tracing::{Instrument, Subscriber};
use tracing_subscriber::filter::{EnvFilter, filter_fn};
use tracing_subscriber::prelude::*;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::{Layer, fmt, registry};

const OUTSIDE: &str = "WARN stream_events: progress! or publish! outside of a job has no effect: \
    call it in a function with #[job_events]";
const HIDDEN: &str = "ERROR stream_events: progress does not reach the streams of jobs: a filter that \
    holds for all layers hides it; add `stream_events=info` to it, as in `RUST_LOG=warn,stream_events=info`";

/// Writes all lines there.
fn lines<S: Subscriber + for<'a> LookupSpan<'a>>(log: &Log) -> impl Layer<S> + use<S> {
    let log = log.clone();
    fmt::layer()
        .with_ansi(false)
        .with_writer(move || log.clone())
}

fn install() -> Installed {
    Publisher::connect("memory:").unwrap().install()
}

#[tokio::main(flavor = "current_thread")]
async fn block_on<T>(future: impl Future<Output = T>) -> T {
    future.await
}

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
    let report = block_on(
        installed
            .publisher()
            .flush(std::time::Duration::from_secs(30)),
    );
    assert_eq!(
        report.stats.emitted, 5,
        "its start and end, a row, two lines"
    );
}
