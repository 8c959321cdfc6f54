//! A script of this folder that runs, and the lines of JSON that it prints.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use serde_json::Value;

use crate::program::ROOT;

/// It ends by itself where its input ends, with what it has started: so it does on drop.
pub(crate) struct Script {
    process: Child,
    input: Option<ChildStdin>,
    lines: mpsc::Receiver<String>,
}

/// No line takes that long.
const LIMIT: Duration = Duration::from_secs(90);

impl Script {
    pub(crate) fn start(name: &str, arguments: &[&str]) -> Self {
        let mut node = Command::new("node");
        node.arg(Path::new(ROOT).join("tests/browser").join(name));
        node.args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut process = node
            .spawn()
            .expect("these tests need node: `tests/run` installs it");
        let output = BufReader::new(process.stdout.take().unwrap());
        let (said, lines) = mpsc::channel();
        std::thread::spawn(move || output.lines().try_for_each(|line| said.send(line.unwrap())));
        Self {
            input: process.stdin.take(),
            process,
            lines,
        }
    }

    pub(crate) fn tell(&self, line: &str) {
        writeln!(self.input.as_ref().unwrap(), "{line}").unwrap();
    }

    pub(crate) fn line(&self) -> Value {
        let line = self.lines.recv_timeout(LIMIT);
        let line = line.expect("the script has ended, or says nothing any more");
        serde_json::from_str(&line).unwrap()
    }

    /// What it says up to this, which is the last.
    pub(crate) fn until(&self, is_last: impl Fn(&Value) -> bool) -> Vec<Value> {
        let mut lines = vec![self.line()];
        while !is_last(lines.last().unwrap()) {
            lines.push(self.line());
        }
        lines
    }
}

impl Drop for Script {
    fn drop(&mut self) {
        drop(self.input.take());
        self.process.wait().ok();
    }
}

/// What one call of the module answers, or throws.
pub(crate) fn asked(base: &str, method: &str, arguments: &Value) -> Value {
    Script::start("ask.mjs", &[base, method, &arguments.to_string()]).line()
}

/// Where what the scripts need is installed.
pub(crate) fn installed() -> PathBuf {
    let folder = Path::new(ROOT).join("target/browser");
    assert!(
        folder.join("installed.json").exists(),
        "these tests need playwright-core and typescript in target/browser: run `tests/run`, which installs them"
    );
    folder
}
