//! Under a global subscriber, which alone can hang a process that a local one does not, or under none:
//! each in a process under a watch.
#![allow(clippy::unwrap_used)]

mod odd;

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, OnceLock};
use std::time::{Duration, Instant};

use odd::Odd;
use serde::{Serialize, Serializer};
use stream_events::{Publisher, job_events, progress, progress_span, publish};
use support::{Program, TestRedis, kinds, scenario, used, wait_until};
use tracing::Subscriber;
use tracing_subscriber::filter::EnvFilter;
use tracing_subscriber::layer::Context;
use tracing_subscriber::prelude::*;
use tracing_subscriber::{Layer, fmt as lines, registry};

const SOON: Duration = Duration::from_secs(30);
/// Says which of its scenes a test plays.
const SCENE: &str = "STREAM_EVENTS_TEST_SCENE";

fn scene() -> String {
    std::env::var(SCENE).unwrap_or_default()
}

fn play(test: &str, scene: &str, redis: &TestRedis) {
    let program = Program::again(test, &redis.url()).env(SCENE, scene);
    program.run().passed();
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.unwrap().block_on(future)
}

fn of_job(redis: &TestRedis, job: &str) -> Vec<String> {
    kinds(&redis.entries(&format!("job_events:{job}")))
}

/// Hands over an event for each that it hears.
struct Echo;

impl<S: Subscriber> Layer<S> for Echo {
    fn on_event(&self, _: &tracing::Event<'_>, _: Context<'_, S>) {
        publish!("heard");
    }
}

const ROUNDS: u64 = 100;

#[job_events(task_type = "t")]
async fn is_heard(job_id: &str) {
    for n in 0..ROUNDS {
        progress!("round {n} of {job_id}");
        log::trace!("round {n}");
        tokio::task::yield_now().await;
    }
}

/// Row 35
#[test]
fn nothing_that_we_do_is_heard_as_something_to_do() {
    let Some(url) = scenario() else {
        let redis = TestRedis::start();
        play("nothing_that_we_do_is_heard_as_something_to_do", "", &redis);
        return assert_eq!(of_job(&redis, "job_001").len() as u64, 2 + 3 * ROUNDS);
    };
    // This also brings `log` to it.
    registry()
        .with(stream_events_tracing::layer())
        .with(Echo)
        .with(lines::layer().with_writer(std::io::sink))
        .init();
    let installed = Publisher::connect(url).unwrap().install();
    let publisher = installed.publisher();
    let open = publisher.job("job_002", "t").unwrap();
    block_on(is_heard("job_001"));
    assert!(block_on(publisher.flush(SOON)).complete);
    // Each round, its echo, and that of its log line.
    let expected = 1 + 2 + 3 * ROUNDS;
    assert_eq!(publisher.stats().emitted, expected);
    let (began, before) = (Instant::now(), used());
    wait_until("time passes", || began.elapsed() > Duration::from_secs(1));
    let busy = used() - before;
    assert!(busy < Duration::from_millis(100), "it is at rest: {busy:?}");
    assert_eq!(publisher.stats().emitted, expected);
    drop(open);
}

impl Serialize for Odd {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (self.0)();
        serializer.serialize_str("odd")
    }
}

#[job_events(task_type = "t", fields(odd, shown = Shown(odd), %odd_too, ?odd_again), err(Debug))]
async fn writes_all(job_id: &str, odd: Odd, odd_too: Odd, odd_again: Odd) -> Result<(), Odd> {
    progress!("{odd} in the text of {job_id}", step = %odd, ?odd);
    let phase = progress_span!("a phase", part = ?odd, current = 0, total = 2);
    phase.record("current", 2);
    phase.in_scope(|| tracing::info!(?odd_again, "inside of the phase"));
    drop(phase);
    publish!("row", odd);
    Err(odd_too)
}

/// Its text is another's.
#[derive(Serialize)]
struct Shown(Odd);

/// Does, in the middle of a text, what a job may do.
fn logs() {
    tracing::info!("in the middle of a text");
    log::info!("in the middle of a text");
    progress!("in the middle of a text");
    let phase = progress_span!("in the middle of a text", total = 1);
    phase.record("current", 1);
    publish!("in_the_middle");
}

fn panics() {
    panic!("in the middle of a text");
}

/// Says that it waits, and waits until it is told to go on.
fn waits() {
    let (waiting, go_on) = WAITS.get().unwrap();
    waiting.send(()).unwrap();
    go_on.lock().unwrap().recv().unwrap();
}

static WAITS: OnceLock<(Sender<()>, Mutex<Receiver<()>>)> = OnceLock::new();

/// Has another job come to its end, each time that one waits.
fn meanwhile(publisher: &Publisher, job: impl FnOnce() + Send) -> usize {
    let ((waiting, is_waiting), (go_on, told)) = (channel(), channel());
    WAITS.set((waiting, Mutex::new(told))).unwrap();
    let mut waits = 0;
    std::thread::scope(|scope| {
        let job = scope.spawn(job);
        while !job.is_finished() {
            if is_waiting.recv_timeout(Duration::from_millis(10)).is_err() {
                continue;
            }
            let other = publisher.job(format!("other_{waits}"), "t").unwrap();
            progress!("of no job");
            block_on(other.scope(async { progress!("of another") }));
            other.completed(&());
            assert!(block_on(publisher.flush(SOON)).complete);
            waits += 1;
            go_on.send(()).unwrap();
        }
    });
    waits
}

/// Row 36
#[test]
fn texts_that_log_panic_or_wait_hold_nothing_up() {
    let Some(url) = scenario() else {
        for scene in ["logs", "panics", "waits"] {
            let redis = TestRedis::start();
            play(
                "texts_that_log_panic_or_wait_hold_nothing_up",
                scene,
                &redis,
            );
            let kinds = of_job(&redis, "job_001");
            let own: Vec<_> = kinds
                .iter()
                .filter(|kind| *kind != "in_the_middle")
                .collect();
            let (end, row) = (own.len() - 1, own.iter().position(|kind| *kind == "row"));
            assert_eq!(own[0], "task_started", "{scene}");
            assert_eq!(own[end], "task_failed: error", "{scene}");
            let (progress, of_error) = own[1..end].split_at(row.unwrap() - 1);
            // What the error's text says comes before the end, too: an event, and a phase of three.
            let more = if scene == "logs" { 4 } else { 0 };
            assert!(
                progress.len() >= 4 && of_error.len() == 1 + more,
                "{scene}: {kinds:?}"
            );
            let progress = [progress, &of_error[1..]].concat();
            assert!(progress.iter().all(|kind| *kind == "task_progress"));
        }
        return;
    };
    let layers = registry().with(stream_events_tracing::layer());
    let lines = lines::layer().with_writer(std::io::sink);
    // A text that panics does so in these lines, too, which is not for us to stop.
    layers.with((scene() != "panics").then_some(lines)).init();
    let installed = Publisher::connect(url).unwrap().install();
    let publisher = installed.publisher();
    let works = |odd| move || assert!(block_on(writes_all("job_001", odd, odd, odd)).is_err());
    match scene().as_str() {
        "logs" => works(Odd(logs))(),
        "panics" => works(Odd(panics))(),
        _ => assert!(meanwhile(publisher, works(Odd(waits))) > 5),
    }
    assert!(block_on(publisher.flush(SOON)).complete);
}

#[job_events(task_type = "t", ret)]
async fn works(job_id: &str) -> usize {
    progress!("at work");
    publish!("row", of = job_id);
    job_id.len()
}

/// Row 37
#[test]
fn a_run_and_its_own_events_are_there_whatever_is_filtered_out() {
    let all = ["task_started", "task_progress", "row", "task_completed"];
    let but_progress = ["task_started", "row", "task_completed"];
    let Some(url) = scenario() else {
        for (scene, expected) in [
            ("nobody", &but_progress[..]),
            ("nothing", &but_progress),
            ("warnings", &but_progress),
            ("warnings and ours", &all),
            ("no lines", &all),
        ] {
            let redis = TestRedis::start();
            let test = "a_run_and_its_own_events_are_there_whatever_is_filtered_out";
            play(test, scene, &redis);
            assert_eq!(of_job(&redis, "job_001"), expected, "{scene}");
        }
        return;
    };
    let for_all = |filter: &str| {
        let filtered = registry().with(EnvFilter::new(filter));
        let layers = filtered.with(stream_events_tracing::layer());
        layers
            .with(lines::layer().with_writer(std::io::sink))
            .init();
    };
    match scene().as_str() {
        "nobody" => {}
        "nothing" => for_all("off"),
        "warnings" => for_all("warn"),
        "warnings and ours" => for_all("warn,stream_events=info"),
        _ => {
            let lines = lines::layer().with_filter(EnvFilter::new("off"));
            registry()
                .with(stream_events_tracing::layer())
                .with(lines)
                .init();
        }
    }
    let installed = Publisher::connect(url).unwrap().install();
    assert_eq!(block_on(works("job_001")), 7);
    drop(installed);
}
