//! Values that have us write them while they are written: on a small stack, in a process under a watch,
//! since what has no end overflows the stack, and that ends the process.
#![allow(clippy::unwrap_used)]

use std::collections::HashSet;
use std::fmt;
use std::time::Duration;

use serde::{Serialize, Serializer};
use serde_json::Value;
use stream_events::{Fields, Publisher, Scrub, job_events, progress, progress_span, publish};
use support::{Program, RawEntry, TestRedis, scenario};
use tracing_subscriber::prelude::*;
use tracing_subscriber::registry;

const SOON: Duration = Duration::from_secs(30);
/// As much as a thread of a service that counts its memory may have.
const SMALL: usize = 512 * 1024;

fn on_a_small_stack(play: impl FnOnce() + Send + 'static) {
    let thread = std::thread::Builder::new().stack_size(SMALL).spawn(play);
    thread.unwrap().join().unwrap();
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.unwrap().block_on(future)
}

/// Publishes itself, each time that it is written.
#[derive(Clone, Copy)]
struct Mirror;

impl Serialize for Mirror {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        publish!("mirror", by_serde = self);
        serializer.serialize_str("a mirror")
    }
}

impl fmt::Display for Mirror {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        publish!("mirror", %self);
        progress!("{self}");
        drop(progress_span!("a phase", %self));
        f.write_str("a mirror")
    }
}

impl fmt::Debug for Mirror {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        publish!("mirror", ?self);
        f.write_str("a mirror")
    }
}

/// Names a job by what has it named.
struct NamesItself;

impl fmt::Display for NamesItself {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let _ = block_on_within(is_named(Self));
        f.write_str("named_by_itself")
    }
}

#[job_events(task_type = "t", job_id = id)]
async fn is_named(id: NamesItself) {}

/// Has a job fail with it while its text is made.
struct FailsAgain;

impl fmt::Debug for FailsAgain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let _ = fails_again("fails_again");
        f.write_str("again")
    }
}

#[job_events(task_type = "t", err(Debug))]
fn fails_again(job_id: &str) -> Result<(), FailsAgain> {
    let _ = job_id;
    Err(FailsAgain)
}

/// Polls once: what is polled here is ready then.
fn block_on_within<T>(future: impl Future<Output = T>) -> Option<T> {
    let mut future = std::pin::pin!(future);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match future.as_mut().poll(&mut context) {
        std::task::Poll::Ready(value) => Some(value),
        std::task::Poll::Pending => None,
    }
}

#[job_events(task_type = "t", fields(mirror, shown = Shown(mirror)), ret, err(Debug))]
async fn shows(job_id: &str, mirror: Mirror, fails: bool) -> Result<Mirror, Mirror> {
    progress!("{mirror} of {job_id}", step = %mirror, at = ?mirror);
    publish!("all", by_serde = mirror, shown = mirror.to_string(), %mirror);
    if fails { Err(mirror) } else { Ok(mirror) }
}

#[derive(Serialize)]
struct Shown(Mirror);

fn plays_all(store: &str) {
    registry().with(stream_events_tracing::layer()).init();
    // A hook that publishes what it is given is one, too.
    let scrub = Scrub::default().and(|text| {
        publish!("hooked", text);
        None
    });
    let publisher = Publisher::builder().url(store).scrub(scrub).connect();
    let installed = publisher.unwrap().install();
    on_a_small_stack(|| {
        block_on(shows("job_001", Mirror, false)).unwrap();
        block_on(shows("job_002", Mirror, true)).unwrap_err();
        block_on(is_named(NamesItself));
        let _ = fails_again("fails_again");
    });
    let publisher = installed.publisher();
    let job = publisher.job("job_003", "t").unwrap();
    job.in_scope(|| {
        job.emit(
            "row",
            Fields::new()
                .field("mirror", &Mirror)
                .display("shown", &Mirror),
        )
    });
    job.failed(Mirror);
    assert!(block_on(publisher.flush(SOON)).complete);
}

fn of_job(redis: &TestRedis, job: &str) -> Vec<Value> {
    let entries = redis.entries(&format!("job_events:{job}"));
    entries.iter().map(RawEntry::data).collect()
}

fn of_type<'a>(events: &'a [Value], event_type: &str) -> Vec<&'a Value> {
    let is_of = |event: &&Value| event["event_type"] == event_type;
    events.iter().filter(is_of).collect()
}

#[test]
fn values_that_have_themselves_written_end_and_harm_nobody() {
    if let Some(store) = scenario() {
        return plays_all(&store);
    }
    let redis = TestRedis::start();
    let play = Program::again(
        "values_that_have_themselves_written_end_and_harm_nobody",
        &redis.url(),
    );
    play.run().passed();
    for (job, end) in [
        ("job_001", "task_completed"),
        ("job_002", "task_failed"),
        ("job_003", "task_failed"),
    ] {
        let events = of_job(&redis, job);
        assert_eq!(of_type(&events, "task_started").len(), 1, "{job}");
        assert_eq!(of_type(&events, end).len(), 1, "{job}");
        // The outermost is whole, the innermost says why it is not.
        let innermost = events
            .iter()
            .filter(|event| event.to_string().contains("writes itself without end"));
        assert!(innermost.count() > 0, "{job}");
        assert!(events.len() < 3000, "{job}: {}", events.len());
    }
    let events = of_job(&redis, "job_001");
    let all = of_type(&events, "all");
    assert_eq!(
        (&all[0]["by_serde"], &all[0]["mirror"]),
        (&"a mirror".into(), &"a mirror".into())
    );
    // What a hook emits is not given to hooks, and is not shown either, nor are its names.
    let hidden = "[redacted: emitted by a scrub hook]";
    let hooked = of_type(&events, "hooked");
    let texts: HashSet<_> = hooked
        .iter()
        .filter_map(|event| event[hidden].as_str())
        .collect();
    assert_eq!(texts, HashSet::from([hidden]));
    assert_eq!(
        of_type(&of_job(&redis, "named_by_itself"), "task_completed").len(),
        8
    );
    // One more could not even be named.
    let events = of_job(&redis, "fails_again");
    let failed = of_type(&events, "task_failed");
    assert_eq!(failed.len(), 8);
    assert!(failed.iter().all(|event| event["error"] == "again"));
}
