//! The Python that has redis-py, and the programs of `tests/python`.
#![allow(dead_code, reason = "each file uses a part of it")]

use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

/// Runs what it is given, and leaves no bytecode beside the sources.
pub(crate) fn interpreter() -> Command {
    let python = Path::new(TESTS).join("../target/venv/bin/python");
    assert!(
        python.exists(),
        "these tests need redis-py and httpx in target/venv: run `tests/run`, which installs them"
    );
    let mut command = Command::new(python);
    command.env("PYTHONDONTWRITEBYTECODE", "1");
    command
}

const TESTS: &str = env!("CARGO_MANIFEST_DIR");

/// A program of `tests/python`, in a time zone other than UTC.
pub(crate) fn python(program: &str, arguments: &[&str]) -> Command {
    let mut command = interpreter();
    command
        .arg(Path::new(TESTS).join("python").join(program))
        .args(arguments)
        .env("TZ", "Asia/Shanghai")
        .stderr(Stdio::inherit());
    command
}

/// What a program prints.
pub(crate) fn printed(program: &str, arguments: &[&str]) -> Value {
    let output = python(program, arguments).output().unwrap();
    assert!(output.status.success(), "{program} failed");
    serde_json::from_slice(&output.stdout).unwrap()
}
