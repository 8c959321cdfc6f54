//! A secret that is in a job's values never leaves the process, wherever it was: in events, log lines,
//! errors, the server's file or the spool. Beside each stands a control, which has to be found.
#![allow(clippy::unwrap_used)]

mod planted;

use std::collections::HashMap;
use std::time::Duration;

use planted::{
    Config, IN_EVENTS, IN_LINES, IN_SPOOL, LoadedConfig, Outer, SECRET, Unreachable, at, bytes,
    check,
};
use serde_json::json;
use stream_events::{
    Builder, Fields, Progress, Publisher, Redacted, Scrub, job_events, progress, progress_span,
    publish,
};
use support::{Program, TestRedis, scenario, wait_until};
use tempfile::TempDir;
use tracing::Level;
use tracing_subscriber::filter::{LevelFilter, filter_fn};
use tracing_subscriber::prelude::*;
use tracing_subscriber::{Layer, fmt as lines, registry};

const SOON: Duration = Duration::from_secs(30);
/// Says what a process is to do, and whether it scrubs.
const SCENE: &str = "STREAM_EVENTS_TEST_SCENE";

#[job_events(task_type = "t", fields(key, shown = "control-argument", url, ?config), ret)]
async fn returns(job_id: &str, key: Redacted<&str>, url: String, config: Config) -> String {
    progress!(
        "at {url} with {key}, control-progress",
        url = at("progress"),
        step = at("step")
    );
    let phase = progress_span!("control-phase", total = 1, at = %at("phase-field"));
    phase.record("message", format!("Authorization: Bearer {SECRET}"));
    drop(phase);
    publish!(
        "row",
        of = job_id,
        at = at("published"),
        key = key.reveal().len()
    );
    let map = HashMap::from([(at("map"), 1)]);
    let nested = json!({"rows": [{"note": format!("password={SECRET} control-nested")}, null]});
    publish!("rows", nested, map);
    publish!(
        "config",
        config = LoadedConfig {
            name: "control-config",
            password: SECRET
        }
    );
    let spaced = format!("password = {SECRET} control-spaced");
    let python = format!("{{'password': '{SECRET}', 'at': 'control-python'}}");
    publish!("texts", spaced, python);
    tracing::warn!(target: OWN, at = %at("log-field"), "cannot reach {}", at("log-line"));
    let giant = format!("control-giant {}{}", "x".repeat(MAX), at("cut").repeat(9));
    publish!("giant", giant);
    at("result")
}

/// As much as an event has, so that it is cut in the secret behind it.
const MAX: usize = stream_events::MAX_PAYLOAD - 60;

#[job_events(task_type = "t")]
async fn fails(job_id: &str) -> Result<(), Unreachable> {
    Err(Unreachable(at("error")))
}

#[job_events(task_type = "t", err(chain))]
async fn fails_in_turn(job_id: &str) -> Result<(), Outer> {
    Err(Outer(Unreachable(at("cause"))))
}

#[job_events(task_type = "t")]
async fn panics(job_id: &str) {
    panic!("{} is away", at("panic"));
}

/// Where the job's own lines come from.
const OWN: &str = "own";

/// What `progress!` and the job's own lines say is what other layers log, too; that is not ours.
fn hear_all() {
    let others =
        filter_fn(|metadata| !["stream_events::progress", OWN].contains(&metadata.target()));
    let lines = lines::layer().with_writer(std::io::stderr).with_ansi(false);
    let lines = lines.with_filter(others).with_filter(LevelFilter::TRACE);
    registry()
        .with(stream_events_tracing::builder().logs(Level::WARN).layer())
        .with(lines)
        .init();
    std::panic::set_hook(Box::new(|_| {}));
}

fn builder(store: &str) -> Builder {
    let scrubs = std::env::var(SCENE).unwrap() != "does not scrub";
    let scrub = if scrubs {
        Scrub::default()
    } else {
        Scrub::none()
    };
    Publisher::builder().url(store).scrub(scrub)
}

/// A child's part: does all that shows values, and says the errors that it gets.
async fn shows_all(store: &str) {
    hear_all();
    let builder = builder(store);
    println!("{builder:?}");
    let installed = builder.connect().unwrap().install();
    let publisher = installed.publisher();
    let config = Config {
        name: "control-debug",
        password: Some(SECRET.to_owned()),
    };
    returns("job_001", Redacted::new(SECRET), at("field"), config).await;
    fails("job_002").await.unwrap_err();
    fails_in_turn("job_007").await.unwrap_err();
    tokio::spawn(panics("job_003")).await.unwrap_err();
    let job = publisher.job("job_004", "t").unwrap();
    job.progress(Progress::new("a handle's").fields(&Fields::new().field("at", &at("handle"))));
    println!("{job:?}");
    drop(job);
    publisher
        .publish_task_failed("job_005", "t", &at("awaited"), &())
        .await
        .unwrap();
    let named = HashMap::from([
        ("event_type".to_owned(), json!("row")),
        (at("name"), json!(1)),
    ]);
    publisher.publish_event("job_008", &named).await.unwrap();
    // It runs all the same, and a line says what its id is.
    fails(&format!("{{{}", at("line"))).await.unwrap_err();
    errors(publisher).await;
    let report = publisher.flush(SOON).await;
    assert!(report.complete, "{report}");
    println!("{installed:?} {:?} {report:?}", publisher.reader());
}

async fn errors(publisher: &Publisher) {
    let job_id = publisher
        .job(format!("{{{}", at("job-id")), "t")
        .unwrap_err();
    let not_text = json!({"event_type": {"at": at("event-type")}});
    let event_type = publisher
        .publish_event("job_006", &not_text)
        .await
        .unwrap_err();
    let mut history = publisher.reader().history("job_005").unwrap();
    let event = history.next().await.unwrap().unwrap();
    let not_read = event.field::<u64>("error").unwrap_err();
    for error in [job_id, event_type, not_read] {
        println!("{error} {error:?}");
    }
}

/// A child's part: is killed with a start and an end in the spool.
fn leaves_some(store: &str, folder: &str) -> ! {
    hear_all();
    let publisher = builder(store).spool(folder).connect().unwrap();
    let key = Redacted::new(SECRET);
    let fields = Fields::new()
        .field("key", &key)
        .field("url", &at("left-field"));
    let job = publisher
        .job_builder("job_001", "t")
        .unwrap()
        .fields(fields)
        .start()
        .unwrap();
    job.failed(Unreachable(at("left-error")));
    wait_until("it is on the disk", || publisher.stats().spooled == 2);
    println!("all is on the disk");
    loop {
        std::thread::park();
    }
}

fn all_entries(redis: &TestRedis) -> Vec<u8> {
    let keys: Vec<String> = redis::cmd("KEYS")
        .arg("job_events:*")
        .query(&mut redis.client())
        .unwrap();
    let entries = keys.iter().flat_map(|key| redis.entries(key));
    entries
        .flat_map(|entry| format!("{entry:?}").into_bytes())
        .collect()
}

fn with_password(redis: &TestRedis) -> String {
    redis
        .url()
        .replace("redis://", &format!("redis://default:{SECRET}@"))
}

#[tokio::test]
async fn a_planted_secret_is_in_no_event_log_line_error_or_file_of_the_server() {
    const NAME: &str = "a_planted_secret_is_in_no_event_log_line_error_or_file_of_the_server";
    if let Some(store) = scenario() {
        return shows_all(&store).await;
    }
    for (scene, scrubs) in [("scrubs", true), ("does not scrub", false)] {
        let redis = TestRedis::with_aof();
        let exit = Program::again(NAME, &with_password(&redis))
            .env(SCENE, scene)
            .run();
        exit.passed();
        check("events", &all_entries(&redis), &IN_EVENTS, scrubs);
        check(
            "the server's files",
            &bytes(redis.folder()),
            &IN_EVENTS,
            scrubs,
        );
        // These know no setting, and never show a secret.
        check("lines and errors", exit.said.as_bytes(), &IN_LINES, true);
    }
}

#[tokio::test]
async fn a_planted_secret_is_neither_in_the_spool_nor_in_what_the_next_process_makes_of_it() {
    const NAME: &str =
        "a_planted_secret_is_neither_in_the_spool_nor_in_what_the_next_process_makes_of_it";
    if let Some(scenario) = scenario() {
        let (store, folder) = scenario.split_once(' ').unwrap();
        leaves_some(store, folder);
    }
    for (scene, scrubs) in [("scrubs", true), ("does not scrub", false)] {
        let (mut redis, folder) = (TestRedis::with_aof(), TempDir::new().unwrap());
        let store = with_password(&redis);
        redis.kill();
        let scenario = format!("{store} {}", folder.path().display());
        let mut child = Program::again(NAME, &scenario).env(SCENE, scene).start();
        child.wait_for("all is on the disk");
        child.signal("KILL");
        let exit = child.wait();
        check("the spool", &bytes(folder.path()), &IN_SPOOL, scrubs);
        check("lines", exit.said.as_bytes(), &[], true);
        let tells_outage = exit.said.contains("WARN stream_events");
        assert!(tells_outage, "{}", exit.said);
        redis.restart();
        let next = Publisher::builder()
            .url(&store)
            .spool(folder.path())
            .connect()
            .unwrap();
        wait_until("brought back", || next.stats().restored == 2);
        assert!(next.shutdown(SOON).await.complete);
        check("events", &all_entries(&redis), &IN_SPOOL, scrubs);
        check(
            "the server's files",
            &bytes(redis.folder()),
            &IN_SPOOL,
            scrubs,
        );
    }
}
