//! Row 34: in tasks, pools and threads all of a job finds it, by its span where the Layer is there and by its
//! handle.
#![allow(clippy::unwrap_used)]

mod between;
#[allow(dead_code, reason = "others have more of it")]
mod installed;

use std::thread;

use between::between;
use futures_util::FutureExt;
use installed::{events, publisher};
use stream_events::{Job, job_events, progress, progress_span, publish};
use stream_events_tracing::{ProgressSpan, layer};
use support::{Program, scenario};
use tokio::task::spawn_blocking;
use tracing::{Instrument, Span, Subscriber, info_span};
use tracing_subscriber::filter::EnvFilter;
use tracing_subscriber::prelude::*;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::{Layer, fmt, registry};

/// Where a job may have its work done, in a span of it or with its handle.
const PLACES: [&str; 9] = [
    "task_in_span",
    "task_in_a_span_within",
    "pool_in_span",
    "pool_with_handle",
    "thread_in_span",
    "thread_in_a_span_within",
    "thread_with_handle",
    "rayon_in_span",
    "rayon_with_handle",
];

#[job_events(task_type = "goes")]
async fn goes_to(job_id: &str) {
    let (span, job) = (Span::current(), Job::current().unwrap());
    let within = info_span!("within");
    let place = job_id.to_owned();
    let all = move || says_all(&place);
    match job_id {
        "task_in_span" => tokio::spawn(async move { all() }.in_current_span())
            .await
            .unwrap(),
        "task_in_a_span_within" => tokio::spawn(async move { all() }.instrument(within))
            .await
            .unwrap(),
        "pool_in_span" => spawn_blocking(move || span.in_scope(all)).await.unwrap(),
        "pool_with_handle" => spawn_blocking(move || job.in_scope(all)).await.unwrap(),
        "thread_in_span" => thread::spawn(move || span.in_scope(all)).join().unwrap(),
        "thread_in_a_span_within" => thread::spawn(move || within.in_scope(all)).join().unwrap(),
        "thread_with_handle" => thread::spawn(move || job.in_scope(all)).join().unwrap(),
        "rayon_in_span" => rayon::scope(|pool| pool.spawn(|_| span.in_scope(all))),
        "rayon_with_handle" => rayon::scope(|pool| pool.spawn(|_| job.in_scope(all))),
        _ => unreachable!("{job_id}"),
    }
}

fn says_all(place: &str) {
    progress!("in {place}");
    publish!("row", place);
    let phase = progress_span!("a phase of {place}", total = 1);
    phase.inc(1);
    drop(phase);
    works_within(&format!("in_{place}")).now_or_never().unwrap();
}

#[job_events(task_type = "within")]
async fn works_within(job_id: &str) {
    publish!("row", of = job_id);
}

fn lines<S: Subscriber + for<'a> LookupSpan<'a>>() -> impl Layer<S> {
    fmt::layer().with_writer(std::io::sink)
}

/// Each with what it is beside, or behind.
fn subscribe(scene: &str) {
    let warnings = lines().with_filter(EnvFilter::new("warn"));
    let for_all = EnvFilter::new("warn,stream_events=info");
    match scene {
        "alone" => registry().with(layer()).init(),
        "before lines" => registry().with(layer()).with(lines()).init(),
        "behind lines" => registry().with(lines()).with(layer()).init(),
        "beside warnings" => registry().with(warnings).with(layer()).init(),
        _ => registry().with(for_all).with(layer()).with(lines()).init(),
    }
}

/// Under a global subscriber, which may hang where a local one does not: so in processes under a watch.
/// In each a publisher's worker has a subscriber of its own, which hears nothing.
#[test]
fn all_of_a_job_finds_it_in_tasks_pools_and_threads() {
    let Some(scene) = scenario() else {
        for scene in [
            "alone",
            "before lines",
            "behind lines",
            "beside warnings",
            "behind a filter",
        ] {
            let test = "all_of_a_job_finds_it_in_tasks_pools_and_threads";
            Program::again(test, scene).run().passed();
        }
        return;
    };
    publisher();
    subscribe(&scene);
    let runtime = tokio::runtime::Builder::new_multi_thread().build().unwrap();
    // A span of the user's own that nobody listens to is none.
    let has_within = scene.ends_with("lines");
    let is_there = |place: &&str| has_within || !place.ends_with("within");
    for place in PLACES.into_iter().filter(is_there) {
        runtime.block_on(goes_to(place));
        let progress = "task_progress";
        let expected = [progress, "row", progress, progress, progress];
        assert_eq!(runtime.block_on(between(place)), expected, "{place}");
        let within = runtime.block_on(events(&format!("in_{place}")));
        let told: Vec<_> = within.iter().map(|event| &event["parent_job_id"]).collect();
        assert_eq!(told, [place; 3], "{place}");
    }
}
