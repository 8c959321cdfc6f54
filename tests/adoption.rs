//! Spans of frameworks that cannot be runs, or not yet. In processes under a watch, since what is
//! installed is for a whole process.
#![allow(clippy::unwrap_used)]

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use stream_events::{Installed, Job, Publisher, Scrub, progress_span};
use stream_events_tracing::{JobSpans, ProgressSpan, builder};
use support::{Program, scenario, wait_until};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::Interest;
use tracing::{Event, Metadata, Span, Subscriber, info, info_span};
use tracing_subscriber::filter::FilterId;
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::prelude::*;
use tracing_subscriber::registry::{LookupSpan, Registry};

/// A log that takes no line of ours.
struct Full;

static WAITS: AtomicUsize = AtomicUsize::new(0);

impl<S: Subscriber> Layer<S> for Full {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if event.metadata().target() == "stream_events" {
            WAITS.fetch_add(1, Relaxed);
            loop {
                std::thread::park();
            }
        }
    }
}

fn install() -> Installed {
    Publisher::connect("memory:").unwrap().install()
}

fn builds() -> stream_events_tracing::Builder {
    builder().job_spans(JobSpans::named("deliver").completed_by("delivered"))
}

#[test]
fn where_a_refused_span_is_told_a_log_that_waits_holds_no_time_up() {
    if scenario().is_none() {
        let test = "where_a_refused_span_is_told_a_log_that_waits_holds_no_time_up";
        return Program::again(test, "plays").run().passed();
    }
    let registry = tracing_subscriber::registry();
    registry.with(builds().layer()).with(Full).init();
    let installed = install();
    for _ in 0..100 {
        info_span!("deliver", job_id = "").in_scope(|| {});
    }
    wait_until("it is told", || WAITS.load(Relaxed) == 1);
    let publisher = installed.publisher();
    let job = publisher.job("job_001", "t").unwrap();
    let phase = job.in_scope(|| progress_span!("a phase", total = 9));
    phase.inc(1);
    wait_until("its number is shown in its time", || {
        publisher.stats().emitted == 3
    });
    std::mem::forget(installed);
}

/// Keeps spans as a registry does, and is none.
struct Root(Registry);

impl Subscriber for Root {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        self.0.register_callsite(metadata)
    }

    fn event_enabled(&self, event: &Event<'_>) -> bool {
        self.0.event_enabled(event)
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        self.0.enabled(metadata)
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        self.0.new_span(span)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, _: &Event<'_>) {}

    fn enter(&self, span: &Id) {
        self.0.enter(span);
    }

    fn exit(&self, span: &Id) {
        self.0.exit(span);
    }

    fn clone_span(&self, span: &Id) -> Id {
        self.0.clone_span(span)
    }

    fn try_close(&self, span: Id) -> bool {
        self.0.try_close(span)
    }
}

impl<'a> LookupSpan<'a> for Root {
    type Data = <Registry as LookupSpan<'a>>::Data;

    fn span_data(&'a self, id: &Id) -> Option<Self::Data> {
        self.0.span_data(id)
    }

    fn register_filter(&mut self) -> FilterId {
        self.0.register_filter()
    }
}

#[test]
fn what_is_said_in_a_span_that_no_registry_keeps_is_its_jobs() {
    if scenario().is_none() {
        let test = "what_is_said_in_a_span_that_no_registry_keeps_is_its_jobs";
        return Program::again(test, "plays").run().passed();
    }
    Root(Registry::default()).with(builds().layer()).init();
    let installed = install();
    let span = info_span!("deliver", job_id = "job_001");
    span.in_scope(|| {});
    // As `progress!` does.
    info!(target: "stream_events::progress", parent: &span, "at work");
    drop(span);
    let stats = installed.publisher().stats();
    assert_eq!((stats.emitted, stats.outside_of_job), (3, 0));
}

#[test]
fn a_span_that_was_there_before_the_publisher_is_a_run_from_its_next_turn() {
    if scenario().is_none() {
        let test = "a_span_that_was_there_before_the_publisher_is_a_run_from_its_next_turn";
        return Program::again(test, "plays").run().passed();
    }
    tracing_subscriber::registry().with(builds().layer()).init();
    let span = info_span!("deliver", job_id = "job_001");
    span.in_scope(|| {});
    let installed = install();
    span.in_scope(|| {});
    assert_eq!(installed.publisher().stats().emitted, 1);
    drop(span);
    assert_eq!(installed.publisher().stats().emitted, 2);
}

#[test]
fn an_end_that_is_said_before_there_is_a_publisher_is_not_that_of_the_run_to_be() {
    if scenario().is_none() {
        let test = "an_end_that_is_said_before_there_is_a_publisher_is_not_that_of_the_run_to_be";
        return Program::again(test, "plays").run().passed();
    }
    tracing_subscriber::registry().with(builds().layer()).init();
    let span = info_span!("deliver", job_id = "job_001");
    let delivered = || span.in_scope(|| info!("delivered"));
    // Outside of all jobs it is not looked at.
    let by_hand = Publisher::connect("memory:").unwrap();
    by_hand.job("around", "t").unwrap().in_scope(delivered);
    let installed = install();
    delivered();
    assert_eq!(installed.publisher().stats().emitted, 2);
}

/// Has another thread look for the job of this span, once.
static LOOKS: Mutex<Option<Span>> = Mutex::new(None);

fn looks(_: &str) -> Option<String> {
    let span = LOOKS.lock().unwrap().take();
    if let Some(span) = span {
        let finds = move || span.in_scope(|| assert!(Job::current().is_some()));
        std::thread::spawn(finds).join().unwrap();
        FOUND.fetch_add(1, Relaxed);
    }
    None
}

static FOUND: AtomicUsize = AtomicUsize::new(0);

#[test]
fn while_a_run_begins_other_threads_find_it_in_its_span() {
    if scenario().is_none() {
        let test = "while_a_run_begins_other_threads_find_it_in_its_span";
        return Program::again(test, "plays").run().passed();
    }
    let spans = builder().job_spans(JobSpans::underway());
    tracing_subscriber::registry().with(spans.layer()).init();
    let builder = Publisher::builder().url("memory:");
    let builder = builder.scrub(Scrub::none().and(looks));
    let _installed = builder.connect().unwrap().install();
    let span = info_span!(target: "underway", "execute", job.id = "job_001", step = 1, steps = 2);
    *LOOKS.lock().unwrap() = Some(span.clone());
    span.in_scope(|| ());
    assert_eq!(FOUND.load(Relaxed), 1);
}
