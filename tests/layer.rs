//! `progress!` and `progress_span!` through the Layer to the stream, under a global subscriber as
//! in production.
#![allow(clippy::unwrap_used)]

use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use stream_events::{Event, Installed, Publisher, job_events, progress, progress_span};
use stream_events_tracing::ProgressSpan;
use support::Log;
use tracing_subscriber::filter::EnvFilter;
use tracing_subscriber::prelude::*;
use tracing_subscriber::{Layer, fmt};

const SOON: Duration = Duration::from_secs(30);

struct SetUp {
    installed: Installed,
    log: Log,
}

/// The process's one subscriber and publisher, set up once for all tests of this file.
fn set_up() -> &'static SetUp {
    static SET_UP: OnceLock<SetUp> = OnceLock::new();
    SET_UP.get_or_init(|| {
        let log = Log::default();
        let lines = fmt::layer().with_ansi(false).with_writer(log.writer());
        tracing_subscriber::registry()
            .with(stream_events_tracing::layer())
            .with(lines.with_filter(EnvFilter::new("info")))
            .init();
        SetUp {
            installed: Publisher::connect("memory:layer").unwrap().install(),
            log,
        }
    })
}

async fn events(job: &str) -> Vec<Value> {
    let publisher = set_up().installed.publisher();
    assert!(publisher.flush(SOON).await.complete);
    let mut history = publisher.reader().history(job).unwrap();
    let mut events: Vec<Event> = Vec::new();
    while let Some(event) = history.next().await {
        events.push(event.unwrap());
    }
    events
        .iter()
        .map(|event| serde_json::from_str(&event.data()).unwrap())
        .collect()
}

/// Those members of an event that are not the same for each.
fn own(event: &Value) -> Value {
    let common = [
        "event_type",
        "timestamp",
        "job_id",
        "task_type",
        "run",
        "seq",
    ];
    let members = event
        .as_object()
        .unwrap()
        .iter()
        .filter(|(key, _)| !common.contains(&key.as_str()));
    Value::Object(
        members
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect(),
    )
}

#[job_events(task_type = "t")]
async fn says_all(job_id: &str) {
    let (n, total, path) = (3_u64, 10_usize, "a.md");
    progress!("analysing the request", step = "analysis", percent = 10);
    progress!("parsed {n} of {total}", current = n, total = total, %path, ?n);
    tokio::task::yield_now().await;
    progress!(
        percent = 33.3_f32,
        ok = true,
        big = u128::MAX,
        low = -1,
        "fields {}",
        "first"
    );
    progress!(
        "odd numbers",
        current = -3,
        total = -2,
        percent = f64::NAN,
        step = 7
    );
}

#[tokio::test]
async fn events_reach_the_stream_with_their_fields_and_the_log_too() {
    set_up();
    says_all("layer_1").await;
    let events = events("layer_1").await;
    let expected = [
        json!({"progress": "analysing the request", "step": "analysis", "percent": 10}),
        json!({"progress": "parsed 3 of 10", "current": 3, "total": 10, "path": "a.md", "n": "3"}),
        json!({"progress": "fields first", "percent": 33.3, "ok": true, "big": u128::MAX.to_string(), "low": -1}),
        json!({"progress": "odd numbers", "step": "7", "current_": -3, "total_": -2, "percent_": null}),
    ];
    let mut seen: Vec<_> = events[1..5].iter().map(own).collect();
    // The number itself, which `serde_json::Value` would round.
    seen[2]["big"] = json!(u128::MAX.to_string());
    assert_eq!(seen, expected);
    assert_eq!(events[5]["event_type"], json!("task_completed"));
    let log = set_up().log.text();
    assert!(
        log.contains(
            r#"INFO job{job_id=layer_1 task_type="t"}: stream_events::progress: analysing the request step="analysis" percent=10"#
        ),
        "{log}"
    );
}

#[job_events(task_type = "t")]
async fn moves_on(job_id: &str) {
    let phase = progress_span!("rendering {}", "pages", total = 4, step = "render");
    phase.record("current", 1);
    phase.inc(1);
    tokio::task::yield_now().await;
    phase.set(4);
    phase.message("nearly there");
}

#[tokio::test]
async fn a_span_shows_its_beginning_what_is_new_and_its_end_with_its_time() {
    set_up();
    moves_on("layer_2").await;
    let events = events("layer_2").await;
    let phase = &events[1..events.len() - 1];
    let shown = phase.iter().map(|event| {
        let message = event["progress"].as_str().unwrap();
        (message, event["current"].as_u64())
    });
    // Those between the first and the last may be shown or not: that is a matter of time.
    let between = |number: &Option<u64>| matches!(number, Some(1 | 2));
    let shown: Vec<_> = shown.filter(|(_, number)| !between(number)).collect();
    let expected = [
        ("rendering pages", None),
        ("rendering pages", Some(4)),
        ("nearly there", Some(4)),
        ("nearly there", Some(4)),
    ];
    assert_eq!(shown, expected);
    assert!(
        phase
            .iter()
            .all(|event| event["total"] == json!(4) && event["step"] == json!("render"))
    );
    let [first, .., done, last] = phase else {
        panic!("{phase:?}")
    };
    assert_eq!(
        (&done["percent"], &done["eta_ms"]),
        (&json!(100), &json!(0))
    );
    assert!(done["rate"].as_f64().unwrap() > 0.0);
    assert!(last["elapsed_ms"].is_u64() && first.get("elapsed_ms").is_none());
}

#[job_events(task_type = "t")]
async fn hands_its_phase_to_a_thread(job_id: &str) {
    let phase = progress_span!("on a thread", total = 2);
    tokio::task::spawn_blocking(move || phase.inc(2))
        .await
        .unwrap();
}

/// Row 34
#[tokio::test]
async fn a_span_belongs_to_its_job_wherever_it_goes() {
    set_up();
    hands_its_phase_to_a_thread("layer_3").await;
    let currents: Vec<_> = events("layer_3")
        .await
        .iter()
        .filter_map(|event| event["current"].as_u64())
        .collect();
    assert_eq!(currents, [2, 2]);
}

#[tokio::test]
async fn outside_of_a_job_nothing_reaches_a_stream() {
    let publisher = set_up().installed.publisher();
    let job = publisher.job("layer_5", "t").unwrap();
    progress!("nobody's");
    let span = progress_span!("nobody's either", total = 1);
    span.inc(1);
    span.record("current", 1);
    drop(span);
    job.scope(async { progress!("the job's") }).await;
    job.completed(&());
    let events = events("layer_5").await;
    let said: Vec<_> = events
        .iter()
        .filter_map(|event| event["progress"].as_str())
        .collect();
    assert_eq!(said, ["the job's"]);
}

static FORMATTED: AtomicUsize = AtomicUsize::new(0);

struct Costly;

impl std::fmt::Debug for Costly {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        FORMATTED.fetch_add(1, Ordering::Relaxed);
        // A user's own `Debug` may log, and say where it stands.
        tracing::info!("formatting");
        progress!("formatting");
        f.write_str("costly")
    }
}

#[job_events(task_type = "t")]
async fn logs_beside(job_id: &str) {
    tracing::info!(costly = ?Costly, "not ours");
    tracing::debug!(target: "stream_events::progress_of_another", costly = ?Costly, "not ours either");
    progress!("ours", costly = ?Costly);
}

/// Rows 35 and 36
#[tokio::test]
async fn only_our_own_target_reaches_the_layer() {
    set_up();
    logs_beside("layer_4").await;
    let events = events("layer_4").await;
    let ours: Vec<_> = events
        .iter()
        .filter(|event| event["progress"] == json!("ours"))
        .collect();
    assert_eq!(ours.len(), 1);
    assert_eq!(ours[0]["costly"], json!("costly"));
    assert!(
        events
            .iter()
            .all(|event| event["progress"] != json!("not ours"))
    );
    // Once for the log of the first, once for the log and once for the stream of the third.
    assert_eq!(FORMATTED.load(Ordering::Relaxed), 3);
}
