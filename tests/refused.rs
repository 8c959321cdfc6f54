//! A job whose run could not begin: what is said in it is nobody's, and not the job's around it.
#![allow(clippy::unwrap_used)]

#[expect(dead_code, reason = "not all of it is used here")]
mod installed;

use installed::{events, publisher};
use stream_events::{Job, job_events, progress, publish};
use stream_events_tracing::ProgressSpan;
use tracing::Instrument;
use tracing_subscriber::prelude::*;

fn set_up() {
    static SET_UP: std::sync::Once = std::sync::Once::new();
    SET_UP.call_once(|| {
        let layer = stream_events_tracing::builder().logs(tracing::Level::WARN);
        tracing_subscriber::registry().with(layer.layer()).init();
        publisher();
    });
}

/// Each way to say something.
fn says() {
    assert!(Job::current().is_none());
    progress!("in it");
    publish!("in_it");
    tracing::warn!(target: "app", "in it");
    stream_events::progress_span!("in it").inc(1);
}

#[job_events(task_type = "inner", job_id = String::new())]
async fn refused() {
    says();
    // It was said where the run was to begin.
    assert_eq!(publisher().stats().outside_of_job, 0);
    let spawned = async { says() };
    tokio::spawn(spawned.in_current_span()).await.unwrap();
}

#[job_events(task_type = "inner", job_id = String::new())]
fn refused_call() {
    says();
}

#[job_events(task_type = "inner")]
async fn within(job_id: &str) {
    let _ = job_id;
}

#[job_events(task_type = "outer")]
async fn outer(job_id: &str) {
    refused_call();
    refused().await;
    within("within_refused").await;
    publish!("goes_on", of = job_id);
}

#[tokio::test]
async fn what_a_job_says_that_could_not_begin_is_not_of_the_job_around_it() {
    set_up();
    outer("around_refused").await;
    let events = events("around_refused").await;
    let types: Vec<_> = events.iter().map(|event| &event["event_type"]).collect();
    let expected = ["task_started", "goes_on", "task_completed"];
    assert_eq!(types, expected, "{events:#?}");
    assert_eq!(
        installed::events("within_refused").await[0]["parent_job_id"],
        "around_refused"
    );
}
