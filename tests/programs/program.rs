//! An example as a program that runs, and what it leaves: lines, a log, a stream.

use std::collections::HashMap;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{OnceLock, mpsc};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use support::{RawEntry, TestRedis};
use tempfile::TempDir;

pub(crate) const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
/// No example takes that long.
const LIMIT: Duration = Duration::from_secs(60);

/// Three headings, and twelve words that a reader sees.
pub(crate) const DOCUMENT: &str = "\
# The w*ir*e format

Text.

```
# no heading
```

Keys in `data`
---

### 中文 \\#1 ###
";

/// An event's id, type and data.
pub(crate) type Event = (String, String, Value);

/// A running example; killed on drop.
pub(crate) struct Example {
    process: Child,
    started: Instant,
    lines: mpsc::Receiver<String>,
    log: Option<JoinHandle<String>>,
}

/// What an example left.
pub(crate) struct Ended {
    pub(crate) lines: Vec<String>,
    pub(crate) log: String,
    pub(crate) is_success: bool,
}

impl Example {
    /// With the store that this environment names; with none for an empty one.
    pub(crate) fn start(mut command: Command, store: &[(&str, String)]) -> Self {
        command.current_dir(ROOT).env_remove("RUST_LOG");
        command
            .env_remove("REDIS_URL")
            .env_remove("STREAM_EVENTS_URL");
        command.envs(store.iter().cloned());
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut process = command.spawn().unwrap();
        let stdout = BufReader::new(process.stdout.take().unwrap());
        let mut stderr = process.stderr.take().unwrap();
        let (said, lines) = mpsc::channel();
        std::thread::spawn(move || stdout.lines().try_for_each(|line| said.send(line.unwrap())));
        let log = std::thread::spawn(move || {
            let mut log = String::new();
            stderr.read_to_string(&mut log).unwrap();
            log
        });
        Self {
            process,
            started: Instant::now(),
            lines,
            log: Some(log),
        }
    }

    /// One that has been built, all at once, before the first was started.
    pub(crate) fn of(name: &str, arguments: &[&str], redis: &TestRedis) -> Self {
        Self::with(name, arguments, &[("REDIS_URL", redis.url())])
    }

    /// With this environment.
    pub(crate) fn with(name: &str, arguments: &[&str], environment: &[(&str, String)]) -> Self {
        let mut command = Command::new(&built()[name]);
        command.args(arguments);
        Self::start(command, environment)
    }

    /// The next line of its output; none when it has ended.
    pub(crate) fn line(&self) -> Option<String> {
        let left = LIMIT.saturating_sub(self.started.elapsed());
        match self.lines.recv_timeout(left) {
            Ok(line) => Some(line),
            Err(mpsc::RecvTimeoutError::Disconnected) => None,
            Err(mpsc::RecvTimeoutError::Timeout) => panic!("still running after {LIMIT:?}"),
        }
    }

    pub(crate) fn end(mut self) -> Ended {
        let lines = std::iter::from_fn(|| self.line()).collect();
        let is_success = self.process.wait().unwrap().success();
        let log = self.log.take().unwrap().join().unwrap();
        Ended {
            lines,
            log,
            is_success,
        }
    }
}

impl Drop for Example {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

/// The programs by name, built as `cargo run --example` builds them: what is built otherwise takes the
/// same places, and not while another program starts.
pub(crate) fn built() -> &'static HashMap<String, PathBuf> {
    static BUILT: OnceLock<HashMap<String, PathBuf>> = OnceLock::new();
    BUILT.get_or_init(|| {
        let mut build = cargo(&["build", "--quiet", "--examples", "--message-format=json"]);
        let output = build.stderr(Stdio::inherit()).output().unwrap();
        assert!(output.status.success());
        let messages = output
            .stdout
            .lines()
            .map(|line| serde_json::from_str(&line.unwrap()).unwrap());
        let program = |message: Value| {
            let path = message["executable"].as_str()?;
            Some((message["target"]["name"].as_str()?.to_owned(), path.into()))
        };
        messages.filter_map(program).collect()
    })
}

/// Cargo as a user starts it. Of what it tells the tests about their own package, `ring` would take a
/// change for a reason to be built anew, and all that depends on it.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let mut cargo = Command::new(env!("CARGO"));
    let of_package =
        |name: &String| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_");
    for (name, _) in std::env::vars().filter(|(name, _)| of_package(name)) {
        cargo.env_remove(name);
    }
    cargo.args(arguments).current_dir(ROOT);
    cargo
}

impl Ended {
    /// The events that it printed: id, type and data.
    pub(crate) fn events(&self) -> Vec<Event> {
        let event = |line: &String| {
            let [id, kind, data] = line.splitn(3, ' ').collect::<Vec<_>>().try_into().ok()?;
            Some((
                id.to_owned(),
                kind.to_owned(),
                serde_json::from_str(data).ok()?,
            ))
        };
        self.lines.iter().filter_map(event).collect()
    }
}

/// What stands on a job's stream.
pub(crate) fn stream(redis: &TestRedis, job: &str) -> Vec<Event> {
    events_of(job, redis.entries(&format!("job_events:{job}")))
}

/// The entries of a job's stream, of which every one has to be of the three fields.
pub(crate) fn events_of(job: &str, entries: Vec<RawEntry>) -> Vec<Event> {
    let event = |entry: RawEntry| {
        let names: Vec<_> = entry.fields.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["data", "timestamp", "event_type"]);
        let data: Value = serde_json::from_str(entry.field("data")).unwrap();
        assert_eq!(
            (&data["job_id"], &data["timestamp"]),
            (&json!(job), &json!(entry.field("timestamp")))
        );
        (entry.id.clone(), entry.field("event_type").to_owned(), data)
    };
    entries.into_iter().map(event).collect()
}

pub(crate) fn kinds(events: &[Event]) -> Vec<&str> {
    events.iter().map(|(_, kind, _)| kind.as_str()).collect()
}

pub(crate) fn seqs(events: &[Event]) -> Vec<u64> {
    events
        .iter()
        .map(|(_, _, data)| data["seq"].as_u64().unwrap())
        .collect()
}

/// The data of the one event of this type.
pub(crate) fn only<'a>(events: &'a [(String, String, Value)], kind: &str) -> &'a Value {
    let mut data = events
        .iter()
        .filter(|event| event.1 == kind)
        .map(|event| &event.2);
    let first = data
        .next()
        .unwrap_or_else(|| panic!("no {kind} in {events:#?}"));
    assert!(data.next().is_none(), "{kind} twice in {events:#?}");
    first
}

/// A file with this text in a folder of its own.
pub(crate) fn file(text: &str) -> (TempDir, String) {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("document.md");
    fs::write(&path, text).unwrap();
    let path = path.to_str().unwrap().to_owned();
    (folder, path)
}
