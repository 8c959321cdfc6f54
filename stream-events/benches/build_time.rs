//! What the crate and all that it brings take to build from nothing, and what annotated functions add to
//! the build of their crate: the same functions with `#[job_events]` and with tracing's `#[instrument]`, in
//! turns, in one run. On Linux.
#![allow(clippy::unwrap_used)]

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const FUNCTIONS: usize = 200;
const ROUNDS: usize = 7;
const COMMANDS: [&str; 2] = ["check", "build"];

/// What goes above each function of the two packages.
const PACKAGES: [(&str, &str); 2] = [
    ("instrumented", "#[tracing::instrument(skip_all, err)]"),
    (
        "annotated",
        "#[stream_events::job_events(task_type = \"count\")]",
    ),
];

fn main() {
    let folder = generate();
    for command in COMMANDS {
        // There is none before the first.
        let _ = fs::remove_dir_all(folder.join("target"));
        let built = cargo(&folder, command, "stream-events");
        println!("{command:>12}  {built:>12.1} s of CPU time from nothing");
    }
    println!("{FUNCTIONS} functions; CPU time for their crate alone, medians of {ROUNDS} rounds");
    println!(
        "{:>12}  {:>14}  {:>14}  {:>6}",
        "cargo", "#[instrument]", "#[job_events]", "ratio"
    );
    for command in COMMANDS {
        for (package, _) in PACKAGES {
            cargo(&folder, command, package);
        }
        let mut times = [Vec::new(), Vec::new()];
        for _ in 0..ROUNDS {
            for ((package, attribute), times) in PACKAGES.iter().zip(&mut times) {
                times.push(time(&folder, command, package, attribute));
            }
        }
        let [instrument, job_events] = times.map(median);
        let ratio = job_events / instrument;
        println!("{command:>12}  {instrument:>12.2} s  {job_events:>12.2} s  {ratio:>6.2}");
    }
}

/// The workspace of both packages, which have the same dependencies.
fn generate() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("build_time");
    let manifest = format!(
        "[workspace]\nresolver = \"3\"\nmembers = {:?}\n",
        PACKAGES.map(|(name, _)| name)
    );
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("Cargo.toml"), manifest).unwrap();
    fs::copy(root.join("Cargo.lock"), folder.join("Cargo.lock")).unwrap();
    for (package, attribute) in PACKAGES {
        let manifest = format!(
            "[package]\nname = \"{package}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n\
             [dependencies]\nstream-events = {{ path = {:?} }}\n\
             tokio = {{ version = \"1\", features = [\"rt\"] }}\ntracing = \"0.1\"\n",
            root.join("stream-events")
        );
        fs::create_dir_all(folder.join(package).join("src")).unwrap();
        fs::write(folder.join(package).join("Cargo.toml"), manifest).unwrap();
        write(&folder, package, attribute);
    }
    folder
}

/// A program that polls all functions: what nobody polls is not compiled.
fn write(folder: &Path, package: &str, attribute: &str) {
    let mut program = MAIN.to_owned();
    let mut jobs = String::new();
    for number in 0..FUNCTIONS {
        let (returned, error) = RETURNED[number % RETURNED.len()];
        let job = JOB
            .replace("ATTRIBUTE", attribute)
            .replace("NUMBER", &number.to_string())
            .replace("RETURNED", returned)
            .replace("ERROR", error);
        program.push_str(&job);
        writeln!(jobs, "    run(&runtime, job_{number}({number}, \"a\", 3));").unwrap();
    }
    let program = program.replace("    JOBS\n", &jobs);
    fs::write(folder.join(package).join("src/main.rs"), program).unwrap();
}

/// The CPU seconds that the crate takes without what cargo takes to find that it is to be built.
fn time(folder: &Path, command: &str, package: &str, attribute: &str) -> f64 {
    write(folder, package, attribute);
    let built = cargo(folder, command, package);
    built - cargo(folder, command, package)
}

/// The CPU seconds of one command and all that it starts.
fn cargo(folder: &Path, command: &str, package: &str) -> f64 {
    let before = children();
    let ran = Command::new(env!("CARGO"))
        .args([command, "--quiet", "--package", package])
        .current_dir(folder)
        .env("CARGO_TARGET_DIR", folder.join("target"))
        // What has been built before would serve in part.
        .env("CARGO_INCREMENTAL", "0")
        .status();
    assert!(ran.unwrap().success(), "{command} {package}");
    children() - before
}

/// The CPU seconds of all processes that this one has started and seen end.
fn children() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    // Behind the name, which may have spaces, from the third field on: `cutime` is the 16th.
    let (_, fields) = stat.rsplit_once(')').unwrap();
    let ticks = fields.split_whitespace().skip(13).take(2);
    let ticks: f64 = ticks.map(|ticks| ticks.parse::<f64>().unwrap()).sum();
    ticks / TICKS
}

/// In a second, for all that Linux tells of processes.
const TICKS: f64 = 100.0;

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// What the functions return in turns, and an error of it.
const RETURNED: [(&str, &str); 3] = [
    ("std::io::Result<usize>", "std::io::Error::other(path)"),
    ("Result<usize, Trouble>", "Trouble(path.to_owned())"),
    ("Result<usize, Box<dyn std::error::Error>>", "path.into()"),
];

const MAIN: &str = r#"use std::future::Future;
use std::io;

use tokio::runtime::{Builder, Runtime};

fn main() {
    let publisher = stream_events::Publisher::from_env().unwrap();
    let _installed = publisher.install();
    let runtime = Builder::new_current_thread().build().unwrap();
    JOBS
}

struct Trouble(String);

impl std::fmt::Display for Trouble {
    fn fmt(&self, text: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        text.write_str(&self.0)
    }
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        Self(error.to_string())
    }
}

fn run<R>(runtime: &Runtime, job: impl Future<Output = R>) {
    runtime.block_on(job);
}

async fn read(path: &str, step: usize) -> io::Result<String> {
    tokio::task::yield_now().await;
    Ok(format!("{path} {step}"))
}
"#;

const JOB: &str = r#"
ATTRIBUTE
async fn job_NUMBER(job_id: u64, path: &str, limit: usize) -> RETURNED {
    let mut total = NUMBER;
    for step in 0..limit {
        let part = read(path, step).await?;
        if part.is_empty() {
            return Err(ERROR);
        }
        total += part.len();
        if total > 10_000 {
            break;
        }
    }
    let text = format!("{path}: {total} of {job_id}");
    tokio::task::yield_now().await;
    Ok(text.len() + total)
}
"#;
