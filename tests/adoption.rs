//! Spans of frameworks that cannot be runs, or not yet. In processes under a watch, since what is
//! installed is for a whole process.
#![allow(clippy::unwrap_used)]

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use stream_events::{Installed, Publisher, progress_span};
use stream_events_tracing::{JobSpans, ProgressSpan, builder};
use support::{Program, scenario, wait_until};
use tracing::{Event, Subscriber, info_span};
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::prelude::*;

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
    builder().job_spans(JobSpans::named("deliver"))
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
