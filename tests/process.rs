//! Processes that are ended, and end themselves, in each way there is, with a job at work.
#![allow(clippy::unwrap_used)]

mod at_work;

use std::os::unix::process::ExitStatusExt;
use std::time::{Duration, Instant};

use at_work::{IN_TIME, block_on, publisher, reader, reap};
use stream_events::{DEFAULT_FLUSH_TIMEOUT, Installed, job_events};
use support::{Exit, Program, Running, TestRedis, kinds, scenario, wait_until};
use tokio::signal::unix::{SignalKind, signal};

const INDEX: &str = "job_index:active";
const KEY: &str = "job_events:job_001";
/// Says how the process is to end.
const HOW: &str = "STREAM_EVENTS_TEST_END";

fn how() -> String {
    std::env::var(HOW).unwrap()
}

/// The test once more, which ends as it is told.
fn start(test: &str, redis: &TestRedis, how: &str) -> Running {
    let mut process = Program::again(test, &redis.url()).env(HOW, how).start();
    process.wait_for("at work");
    process
}

/// What stands on the stream once no lease is left.
async fn left(redis: &TestRedis) -> Vec<String> {
    let reaping = reap(&reader(&redis.url()));
    wait_until("no lease is left", || redis.leases(INDEX).is_empty());
    reaping.end().await;
    kinds(&redis.entries(KEY))
}

#[job_events(task_type = "t")]
async fn works(job_id: &str, installed: &Installed) {
    let _ = job_id;
    let flushed = installed.publisher().flush(IN_TIME).await;
    assert!(flushed.complete);
    println!("at work");
    match how().as_str() {
        "panic" => panic!("in the middle"),
        "panic twice" => {
            let _tidies = PanicsInTurn;
            panic!("in the middle")
        }
        "exit" => std::process::exit(3),
        "abort" => std::process::abort(),
        _ => std::future::pending().await,
    }
}

struct PanicsInTurn;

impl Drop for PanicsInTurn {
    fn drop(&mut self) {
        panic!("while it tidies up")
    }
}

/// Until it is told to end, and then for so long.
async fn serves(url: &str, deadline: Duration) {
    let publisher = publisher(url);
    let job = publisher.job("job_001", "t").unwrap();
    assert!(publisher.flush(IN_TIME).await.complete);
    let mut term = signal(SignalKind::terminate()).unwrap();
    println!("at work");
    term.recv().await.unwrap();
    job.progress("one more");
    println!("ends with {}", publisher.shutdown(deadline).await);
}

/// Row 26
#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_is_told_to_end_delivers_what_waits_within_its_time() {
    if let Some(url) = scenario() {
        let deadline = Duration::from_millis(how().parse().unwrap());
        return serves(&url, deadline).await;
    }
    let name = "a_process_that_is_told_to_end_delivers_what_waits_within_its_time";
    let redis = TestRedis::start();
    let process = start(name, &redis, "30000");
    process.signal("TERM");
    let exit = process.wait();
    exit.passed();
    let said = "ends with 3 delivered, 0 coalesced, 0 dropped, 0 pending";
    assert!(exit.said.contains(said), "{}", exit.said);
    assert_eq!(redis.leases(INDEX), [], "nobody has to wait for that");
    let expected = ["task_started", "task_progress", "task_failed: cancelled"];
    assert_eq!(kinds(&redis.entries(KEY)), expected);

    let redis = TestRedis::start();
    let process = start(name, &redis, "100");
    redis.freeze();
    process.signal("TERM");
    let told = Instant::now();
    let exit = process.wait();
    assert!(told.elapsed() < DEFAULT_FLUSH_TIMEOUT, "it had 100 ms");
    exit.passed();
    let said = "ends with 1 delivered, 0 coalesced, 2 dropped, 0 pending";
    assert!(exit.said.contains(said), "{}", exit.said);
    redis.thaw();
    // What was on its way may still have come.
    let left = left(&redis).await;
    let ends = left.iter().filter(|kind| kind.starts_with("task_failed"));
    assert_eq!(ends.count(), 1, "{left:?}");
    assert!(left.last().unwrap().starts_with("task_failed"), "{left:?}");
}

/// What `main` would do, in a process where a panic aborts.
fn dies(url: &str) {
    let installed = publisher(url).install();
    if how() == "panic" {
        // As `panic = "abort"` does: once the message is out, and with nothing unwound.
        let said = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            said(panic);
            std::process::abort();
        }));
    }
    block_on(works("job_001", &installed));
}

/// Row 28, row 27 where a second panic comes on top of the first, and row 30 for `exit`.
#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_dies_by_itself_is_as_one_that_is_killed() {
    if let Some(url) = scenario() {
        return dies(&url);
    }
    let aborted = |exit: &Exit| exit.status.signal() == Some(6);
    for (how, said) in [
        ("panic", "in the middle"),
        ("panic twice", "while it tidies up"),
        ("abort", ""),
        ("exit", ""),
    ] {
        let redis = TestRedis::start();
        let process = start(
            "a_process_that_dies_by_itself_is_as_one_that_is_killed",
            &redis,
            how,
        );
        let exit = process.wait();
        let is_so = match how {
            "exit" => exit.status.code() == Some(3),
            _ => aborted(&exit),
        };
        assert!(is_so && exit.said.contains(said), "{how}: {exit:?}");
        let expected = ["task_started", "task_failed: lost"];
        assert_eq!(left(&redis).await, expected, "{how}");
    }
}

/// Leaves a job at work behind, as a `main` does that returns.
fn returns(url: &str) {
    tracing_subscriber::fmt().with_ansi(false).init();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let installed = publisher(url).install();
    let job = installed.publisher().job("job_001", "t").unwrap();
    runtime.spawn(job.scope(std::future::pending::<()>()));
    runtime.block_on(async {
        assert!(installed.publisher().flush(IN_TIME).await.complete);
        let mut term = signal(SignalKind::terminate()).unwrap();
        println!("at work");
        term.recv().await.unwrap();
    });
    if how() == "forgets" {
        std::mem::forget(installed);
    }
    // What still runs is not waited for.
    std::mem::forget((job, runtime));
}

/// Row 30
#[tokio::test(flavor = "multi_thread")]
async fn when_main_returns_the_guard_ends_what_is_at_work_and_takes_no_more_than_its_time() {
    if let Some(url) = scenario() {
        return std::thread::scope(|scope| scope.spawn(|| returns(&url)).join().unwrap());
    }
    let name = "when_main_returns_the_guard_ends_what_is_at_work_and_takes_no_more_than_its_time";
    for (how, end) in [
        ("returns", "task_failed: cancelled"),
        ("forgets", "task_failed: lost"),
    ] {
        let redis = TestRedis::start();
        let process = start(name, &redis, how);
        process.signal("TERM");
        process.wait().passed();
        let is_left = !redis.leases(INDEX).is_empty();
        assert_eq!(is_left, how == "forgets");
        assert_eq!(left(&redis).await, ["task_started", end], "{how}");
    }

    let redis = TestRedis::start();
    let process = start(name, &redis, "returns");
    redis.freeze();
    process.signal("TERM");
    let told = Instant::now();
    let exit = process.wait();
    let took = told.elapsed();
    assert!(took < 2 * DEFAULT_FLUSH_TIMEOUT, "{took:?}");
    exit.passed();
    let said = "WARN stream_events: not all job events were delivered: 1 delivered, 0 coalesced, 0 dropped, 1 pending";
    assert!(exit.said.contains(said), "{}", exit.said);
}
