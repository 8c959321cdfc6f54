//! Row 36: texts that come back to themselves through the Layer, each in a process under a watch, since
//! one that did so for ever would take its process along.
#![allow(clippy::unwrap_used)]

use std::fmt;
use std::fs;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use serde_json::Value;
use stream_events::{Publisher, Scrub, progress, progress_span};
use stream_events_tracing::{ProgressSpan, layer};
use support::{Program, scenario, wait_until};
use tracing::{Span, info_span};
use tracing_subscriber::prelude::*;

const SOON: Duration = Duration::from_secs(30);

static MADE: AtomicUsize = AtomicUsize::new(0);

/// A text that says itself while it is made, by this span.
struct Again<'a>(&'a Span, fn(&Again<'_>));

impl fmt::Display for Again<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        MADE.fetch_add(1, Relaxed);
        (self.1)(self);
        f.write_str("again")
    }
}

/// Each way to say something, from within itself.
fn play(scene: &str, phase: &Span) {
    let record = |text: &Again<'_>| {
        text.0.record("part", tracing::field::display(text));
    };
    let message = |text: &Again<'_>| text.0.message(text);
    let moves = |text: &Again<'_>| {
        text.0.inc(1);
        text.0.record("current", 1);
    };
    let event = |text: &Again<'_>| progress!("{text}");
    match scene {
        "record" => record(&Again(phase, record)),
        "message" => message(&Again(phase, message)),
        "moves in a record" => record(&Again(phase, moves)),
        "moves in a message" => message(&Again(phase, moves)),
        _ => event(&Again(phase, event)),
    }
}

/// Where no worker has a subscriber of its own, `tracing` lets events into events.
fn end(publisher: &Publisher) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let _ = runtime.block_on(publisher.shutdown(SOON));
    let is_worker = |thread: fs::DirEntry| {
        let name = fs::read_to_string(thread.path().join("comm")).unwrap_or_default();
        name.trim() == "stream-events"
    };
    wait_until("its thread is gone", || {
        let threads = fs::read_dir("/proc/self/task").unwrap();
        !threads.map(Result::unwrap).any(is_worker)
    });
}

/// What is said within the text reaches no stream, nor does it move the phase on.
#[tokio::main(flavor = "current_thread")]
async fn says_only_itself(publisher: &Publisher, scene: &str) {
    assert!(publisher.flush(SOON).await.complete);
    let mut history = publisher.reader().history("job_001").unwrap();
    let mut said = Vec::new();
    while let Some(event) = history.next().await {
        let data: Value = serde_json::from_str(&event.unwrap().data()).unwrap();
        if data["event_type"] == "task_progress" {
            assert!(data.get("current").is_none(), "{scene}: {data}");
            said.push(data["progress"].as_str().unwrap().to_owned());
        }
    }
    let expected = match scene {
        "record" | "moves in a record" => ["a phase", "a phase", "a phase"],
        "event" => ["a phase", "again", "a phase"],
        _ => ["a phase", "again", "again"],
    };
    assert_eq!(said, expected, "{scene}");
}

#[test]
fn a_text_that_says_itself_is_made_once() {
    let Some(scene) = scenario() else {
        for scene in [
            "record",
            "message",
            "moves in a record",
            "moves in a message",
            "event",
            "event after the shutdown",
        ] {
            let test = "a_text_that_says_itself_is_made_once";
            Program::again(test, scene).run().passed();
        }
        return;
    };
    tracing_subscriber::registry().with(layer()).init();
    let publisher = Publisher::connect("memory:").unwrap();
    let job = publisher.job("job_001", "t").unwrap();
    job.in_scope(|| {
        let phase = progress_span!("a phase", part = "", total = 9);
        if scene.ends_with("shutdown") {
            end(&publisher);
        }
        play(&scene, &phase);
    });
    assert_eq!(MADE.load(Relaxed), 1, "{scene}");
    if !scene.ends_with("shutdown") {
        says_only_itself(&publisher, &scene);
    }
}

/// What a hook has another thread say, once.
static SAY: Mutex<Option<Box<dyn FnOnce() + Send>>> = Mutex::new(None);

/// Waits for somebody else, as for a lock that is theirs.
fn waits(_: &str) -> Option<String> {
    let say = SAY.lock().unwrap().take();
    if let Some(say) = say {
        std::thread::spawn(say).join().unwrap();
    }
    None
}

/// Moves a phase on, or opens something in a step, while it says itself.
#[test]
fn a_scrub_hook_may_wait_for_a_thread_that_moves_what_it_is_asked_about() {
    let Some(scene) = scenario() else {
        for scene in ["phase", "step"] {
            let test = "a_scrub_hook_may_wait_for_a_thread_that_moves_what_it_is_asked_about";
            Program::again(test, scene).run().passed();
        }
        return;
    };
    let layer = stream_events_tracing::builder().steps(["reentry"]).layer();
    tracing_subscriber::registry().with(layer).init();
    let publisher = Publisher::builder()
        .url("memory:")
        .scrub(Scrub::none().and(waits))
        .connect()
        .unwrap();
    let job = publisher.job("job_001", "t").unwrap();
    job.in_scope(|| {
        if scene == "phase" {
            let phase = progress_span!("a phase", total = 9);
            let moved = phase.clone();
            *SAY.lock().unwrap() = Some(Box::new(move || moved.inc(1)));
            return phase.message("another");
        }
        let again = || info_span!("a step");
        // The second of one place is held back until something in it shows.
        drop(again());
        let step = again();
        let (opened, job) = (step.clone(), job.clone());
        *SAY.lock().unwrap() = Some(Box::new(move || {
            job.in_scope(|| opened.in_scope(|| drop(progress_span!("elsewhere"))));
        }));
        step.in_scope(|| drop(progress_span!("here")));
    });
    assert!(SAY.lock().unwrap().is_none(), "the hook was asked");
}
