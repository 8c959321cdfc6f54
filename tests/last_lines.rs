//! What the worker says in the log of a process that ends soon: the guard, or a shutdown, waits for it, but
//! not for ever. In processes under a watch, since it is for a whole process.
#![allow(clippy::unwrap_used)]

use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use stream_events::{DEFAULT_FLUSH_TIMEOUT, Installed, Publisher, job_events, progress, publish};
use stream_events_tracing::layer;
use support::{Log, Program, scenario};
use tracing::{Event, Subscriber};
use tracing_subscriber::filter::EnvFilter;
use tracing_subscriber::layer::Context;
use tracing_subscriber::prelude::*;
use tracing_subscriber::{Layer, fmt, registry};

const OUTSIDE: &str = "progress! or publish! outside of a job";
const HIDDEN: &str = "progress does not reach the streams";

/// A device that takes its time for each line, or takes none at all.
#[derive(Clone)]
struct Slow {
    log: Log,
    takes: Option<Duration>,
}

impl Write for Slow {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.takes {
            Some(time) => std::thread::sleep(time),
            None => loop {
                std::thread::park();
            },
        }
        self.log.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The one subscriber of the process, as `RUST_LOG=warn` sets it up.
fn subscribe(takes: Option<Duration>) -> Log {
    let log = Log::default();
    let slow = Slow {
        log: log.clone(),
        takes,
    };
    let lines = fmt::layer().with_writer(move || slow.clone());
    let layers = registry().with(EnvFilter::new("warn")).with(layer());
    layers.with(lines).init();
    log
}

#[job_events(task_type = "t")]
fn works(job_id: &str) {
    progress!("at work");
    publish!("row", of = job_id);
}

/// All that a short process does.
fn work() -> Installed {
    let installed = Publisher::connect("memory:").unwrap().install();
    progress!("outside");
    publish!("outside");
    works("job_001");
    installed
}

#[tokio::main(flavor = "current_thread")]
async fn shut_down(publisher: &Publisher, timeout: Duration) {
    assert!(publisher.shutdown(timeout).await.complete);
}

const SLOWLY: Option<Duration> = Some(Duration::from_millis(100));

#[test]
fn what_is_to_be_said_is_in_the_log_when_the_guard_is_gone() {
    if scenario().is_none() {
        let test = "what_is_to_be_said_is_in_the_log_when_the_guard_is_gone";
        return Program::again(test, "plays").run().passed();
    }
    let log = subscribe(SLOWLY);
    drop(work());
    assert_eq!((log.count(HIDDEN), log.count(OUTSIDE)), (1, 1));
}

/// What is hidden is looked for on another thread, which may come late.
#[test]
fn what_is_hidden_is_said_also_where_no_job_has_begun() {
    if scenario().is_none() {
        let test = "what_is_hidden_is_said_also_where_no_job_has_begun";
        return Program::again(test, "plays").run().passed();
    }
    let log = subscribe(SLOWLY);
    drop(Publisher::connect("memory:").unwrap().install());
    assert_eq!(log.count(HIDDEN), 1);
}

#[test]
fn what_is_to_be_said_is_in_the_log_after_a_shutdown() {
    if scenario().is_none() {
        let test = "what_is_to_be_said_is_in_the_log_after_a_shutdown";
        return Program::again(test, "plays").run().passed();
    }
    let log = subscribe(SLOWLY);
    shut_down(work().publisher(), DEFAULT_FLUSH_TIMEOUT);
    assert_eq!((log.count(HIDDEN), log.count(OUTSIDE)), (1, 1));
}

#[test]
fn a_log_that_takes_nothing_keeps_no_process_from_its_end() {
    if scenario().is_none() {
        let test = "a_log_that_takes_nothing_keeps_no_process_from_its_end";
        return Program::again(test, "plays").run().passed();
    }
    subscribe(None);
    let installed = work();
    let began = Instant::now();
    shut_down(
        &Publisher::connect("memory:").unwrap(),
        DEFAULT_FLUSH_TIMEOUT,
    );
    drop(installed);
    assert!(began.elapsed() < DEFAULT_FLUSH_TIMEOUT);
}

/// Drops the guard when it hears the worker, and says how long that took.
#[derive(Clone, Default)]
struct Drops(Arc<Mutex<(Option<Installed>, Option<Duration>)>>);

impl<S: Subscriber> Layer<S> for Drops {
    fn on_event(&self, _: &Event<'_>, _: Context<'_, S>) {
        let mut state = self.0.lock().unwrap();
        if let Some(installed) = state.0.take() {
            let began = Instant::now();
            drop(installed);
            state.1 = Some(began.elapsed());
        }
    }
}

/// The log would wait for itself.
#[test]
fn a_guard_that_goes_where_the_log_is_written_waits_for_no_log() {
    if scenario().is_none() {
        let test = "a_guard_that_goes_where_the_log_is_written_waits_for_no_log";
        return Program::again(test, "plays").run().passed();
    }
    let drops = Drops::default();
    registry().with(layer()).with(drops.clone()).init();
    drops.0.lock().unwrap().0 = Some(Publisher::connect("memory:").unwrap().install());
    publish!("outside");
    support::wait_until("it is dropped", || drops.0.lock().unwrap().1.is_some());
    let took = drops.0.lock().unwrap().1.unwrap();
    assert!(took < Duration::from_secs(1), "{took:?}");
}
