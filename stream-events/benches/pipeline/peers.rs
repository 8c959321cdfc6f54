//! Rows of what others do for the same: BullMQ's `updateProgress` and redis-py, by scripts of their own.
//!
//! BullMQ also sets the progress on the job's hash, checks that the job exists, and does both and the XADD in
//! a script of the server's. redis-py makes the JSON and the time of each event, as ours does. Neither has
//! numbers, order across reconnects, a bound on what waits or an end for every run.

use std::fmt::Display;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use support::Program;

use crate::job::Payload;
use crate::part::{Numbers, measured};
use crate::placement;
use crate::rounds::{Rounds, Turn, turn};
use crate::server::Server;
use crate::table::{
    Bound::{AtLeast, AtMost},
    Row,
};

/// Name, script, mode, events, and how many times their events per second ours have to be.
const PEERS: &[(&str, Script, &str, u64, f64)] = &[
    (
        "BullMQ `updateProgress`, awaited",
        Script::BullMq,
        "awaited",
        3_000,
        60.0,
    ),
    ("BullMQ, 64 at a time", Script::BullMq, "64", 20_032, 7.0),
    ("redis-py, awaited", Script::RedisPy, "awaited", 3_000, 70.0),
    (
        "redis-py, gather of 64",
        Script::RedisPy,
        "64",
        10_048,
        30.0,
    ),
    (
        "redis-py, pipelines of 256",
        Script::RedisPy,
        "256",
        25_600,
        12.0,
    ),
];
const LATENCY: &str = "BullMQ latency";

#[derive(Clone, Copy)]
enum Script {
    BullMq,
    RedisPy,
}

pub(crate) fn turns<'a>(server: &'a Server, payload: &'a Payload) -> Vec<Turn<'a>> {
    install();
    let of = |&(name, script, mode, events, _): &(&'static str, Script, &'static str, u64, f64)| {
        turn(name, move || {
            server.clear();
            let arguments: &[&dyn Display] = &[&server.port(), &mode, &events, &payload.data];
            // Each script counts what has come, by XLEN.
            run(script, arguments, placement::client())
        })
    };
    PEERS.iter().map(of).collect()
}

pub(crate) fn rows(rounds: &Rounds) -> Vec<Row> {
    let ours = rounds.series("ours", "rate");
    let row = |&(name, _, _, _, least): &(&str, Script, &str, u64, f64)| {
        let theirs = rounds.series(name, "rate");
        Row::new("the same 1,000 jobs", &ours, "/s")
            .beside(name, &theirs, "/s")
            .reach(ours.over(&theirs), AtLeast(least))
    };
    PEERS.iter().map(row).collect()
}

/// Until a `QueueEvents` in a process of its own has the progress, at 1,000/s.
pub(crate) fn latency(server: &Server) -> Turn<'_> {
    install();
    turn(LATENCY, move || {
        server.clear();
        run(
            Script::BullMq,
            &[&server.port(), &"latency", &1_000, &""],
            None,
        )
    })
}

pub(crate) fn latency_row(rounds: &Rounds) -> Row {
    let (ours, theirs) = (
        rounds.series("progress", "p99"),
        rounds.series(LATENCY, "p99"),
    );
    Row::new("the same", &ours, "µs")
        .beside("BullMQ's `QueueEvents`, p99", &theirs, "µs")
        .reach(ours.over(&theirs), AtMost(0.5))
}

fn run(script: Script, arguments: &[&dyn Display], core: Option<&str>) -> Numbers {
    let (program, script) = match script {
        Script::BullMq => (PathBuf::from("node"), folder().join("bullmq.mjs")),
        Script::RedisPy => (
            folder().join("venv/bin/python"),
            folder().join("redis_py.py"),
        ),
    };
    let mut process = match core {
        Some(core) => Program::at("taskset")
            .arg("-c")
            .arg(core)
            .arg(&program.to_string_lossy()),
        None => Program::at(program),
    };
    process = process.arg(&script.to_string_lossy());
    for argument in arguments {
        process = process.arg(&argument.to_string());
    }
    measured(process)
}

fn folder() -> &'static Path {
    Path::new(concat!(env!("CARGO_TARGET_TMPDIR"), "/peers"))
}

/// Where they are not there yet. The scripts are copied: a module is looked for beside its script.
fn install() {
    let (folder, scripts) = (
        folder(),
        Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/pipeline/peers"),
    );
    fs::create_dir_all(folder).unwrap();
    for script in ["bullmq.mjs", "redis_py.py"] {
        fs::copy(scripts.join(script), folder.join(script)).unwrap();
    }
    if !folder.join("node_modules/ioredis").exists() {
        fs::write(folder.join("package.json"), "{}").unwrap();
        done(
            Command::new("npm")
                .args(["install", "--silent"])
                .args(BULLMQ)
                .current_dir(folder),
        );
    }
    if !folder.join("venv/bin/python").exists() {
        done(
            Command::new("python3")
                .args(["-m", "venv", "venv"])
                .current_dir(folder),
        );
        done(
            Command::new("venv/bin/pip")
                .args(["install", "--quiet", REDIS_PY])
                .current_dir(folder),
        );
    }
}

const BULLMQ: [&str; 2] = ["bullmq@6.7", "ioredis@5"];
const REDIS_PY: &str = "redis[hiredis]==8.1.0";

fn done(command: &mut Command) {
    let status = command.status();
    assert!(status.is_ok_and(|status| status.success()), "{command:?}");
}
