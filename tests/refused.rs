//! A job whose run could not begin: what is said in it is nobody's, and not the job's around it.
#![allow(clippy::unwrap_used)]

#[expect(dead_code, reason = "not all of it is used here")]
mod installed;

use std::io::Write;
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use installed::{events, publisher};
use stream_events::{Job, Publisher, job_events, progress, publish};
use stream_events_tracing::{Builder, JobSpans, ProgressSpan, builder};
use support::{Program, scenario, wait_until};
use tracing::{Instrument, info, info_span};
use tracing_subscriber::filter::EnvFilter;
use tracing_subscriber::prelude::*;
use tracing_subscriber::registry;

fn set_up() {
    static SET_UP: std::sync::Once = std::sync::Once::new();
    SET_UP.call_once(|| {
        let layer = builder().logs(tracing::Level::WARN);
        registry().with(layer.layer()).init();
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
    assert_eq!(publisher().stats().outside_of_job, 0);
}

/// In processes under a watch, each with a subscriber of its own.
fn plays_again(test: &str, scenes: &[&str]) -> Option<String> {
    let scene = scenario();
    if scene.is_none() {
        for scene in scenes {
            Program::again(test, scene)
                .patience(Duration::from_secs(30))
                .run()
                .passed();
        }
    }
    scene
}

fn builds() -> Builder {
    let spans = JobSpans::named("deliver").completed_by("delivered");
    builder().job_spans(spans).logs(tracing::Level::WARN)
}

/// The types of a job's events.
#[tokio::main(flavor = "current_thread")]
async fn told_of(job_id: &str) -> Vec<String> {
    let told = events(job_id).await;
    let told = told.iter().map(|event| event["event_type"].as_str());
    told.map(|told| told.unwrap().to_owned()).collect()
}

#[tokio::main(flavor = "current_thread")]
async fn in_a_task(work: impl Future<Output = ()> + Send + 'static) {
    tokio::spawn(work).await.unwrap();
}

/// A framework's job around it is led to by spans that are shown.
#[test]
fn what_a_refused_run_says_in_a_task_is_not_of_a_frameworks_job_around_it() {
    let test = "what_a_refused_run_says_in_a_task_is_not_of_a_frameworks_job_around_it";
    let scenes = ["info", "warn,refused=info,stream_events::progress=info"];
    let Some(filter) = plays_again(test, &scenes) else {
        return;
    };
    let shown = EnvFilter::new(&filter);
    registry().with(shown).with(builds().layer()).init();
    publisher();
    let deliver = info_span!("deliver", job_id = "around");
    in_a_task(refused().instrument(deliver.clone()));
    deliver.in_scope(|| info!("delivered"));
    drop(deliver);
    assert_eq!(told_of("around"), ["task_started", "task_completed"]);
    assert_eq!(publisher().stats().outside_of_job, 0, "{filter}");
}

#[test]
fn what_is_said_in_a_frameworks_job_that_has_no_name_is_not_of_the_one_around_it() {
    let test = "what_is_said_in_a_frameworks_job_that_has_no_name_is_not_of_the_one_around_it";
    if plays_again(test, &[""]).is_none() {
        return;
    }
    registry().with(builds().layer()).init();
    publisher();
    info_span!("deliver", job_id = "around").in_scope(|| {
        let unnamed = info_span!("deliver", job_id = "");
        unnamed.in_scope(says);
        in_a_task(async { says() }.instrument(unnamed));
        info!("delivered");
    });
    assert_eq!(told_of("around"), ["task_started", "task_completed"]);
    assert_eq!(publisher().stats().outside_of_job, 0);
}

/// A log that takes nothing while the test holds its lines.
struct Lines;

static LINES: Mutex<String> = Mutex::new(String::new());

fn lines() -> MutexGuard<'static, String> {
    LINES.lock().unwrap()
}

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        lines().push_str(std::str::from_utf8(bytes).unwrap());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[job_events(task_type = "of_nobody", parent = "a{b")]
fn of_nobody(job_id: &str) {
    let _ = job_id;
}

/// What is said of calls, and the calls of which it is said.
fn complaint(scene: &str) -> (&'static str, fn()) {
    let refused = || {
        refused_alone();
    };
    match scene {
        "no name" => (
            "a run of `inner` leaves no events: the job id \"\" is empty",
            refused,
        ),
        "no parent" => (
            "a run of `of_nobody` tells no parent: the job id \"a{b\" holds '{'",
            || of_nobody("job_001"),
        ),
        _ => (
            "a run of `of_nobody` leaves no events: the publisher is shut down",
            || of_nobody("job_001"),
        ),
    }
}

#[job_events(task_type = "inner", job_id = String::new())]
fn refused_alone() {}

/// They are as many as the calls, and their log may have to wait for whoever reads it.
#[test]
fn runs_that_are_not_seen_are_told_once_a_minute_and_wait_for_no_log() {
    let test = "runs_that_are_not_seen_are_told_once_a_minute_and_wait_for_no_log";
    let Some(scene) = plays_again(test, &["no name", "no parent", "after the shutdown"]) else {
        return;
    };
    let log = tracing_subscriber::fmt().with_ansi(false);
    log.with_writer(|| Lines).init();
    let installed = Publisher::connect("memory:").unwrap().install();
    let (line, call) = complaint(&scene);
    if scene == "after the shutdown" {
        shut_down(installed.publisher());
        // Nobody is left who would say it.
        call();
        let told = lines().clone();
        assert!(told.contains(line), "{told}");
    }
    let held = lines();
    call();
    call();
    drop(held);
    wait_until("it is told", || lines().contains(line));
    // What is told later comes later.
    publish!("outside");
    if scene != "after the shutdown" {
        wait_until("this is told", || lines().contains("outside of a job"));
    }
    let told = lines().clone();
    assert_eq!(told.matches(line).count(), 1, "{told}");
}

#[tokio::main(flavor = "current_thread")]
async fn shut_down(publisher: &Publisher) {
    let _ = publisher.shutdown(Duration::from_secs(30)).await;
}
