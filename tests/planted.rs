//! A secret that is planted, what it is planted in, and what is looked through for it.

use std::fmt;
use std::fs;
use std::path::Path;

/// Has no digit, so that nothing but its place tells what it is.
pub(crate) const SECRET: &str = "hunter-two";

/// Where a secret is planted, each by the name of its control.
pub(crate) const IN_EVENTS: [&str; 24] = [
    "argument",
    "field",
    "debug",
    "progress",
    "step",
    "phase",
    "phase-field",
    "published",
    "nested",
    "map",
    "giant",
    "result",
    "error",
    "panic",
    "handle",
    "awaited",
    "name",
    "config",
    "spaced",
    "python",
    "log-line",
    "log-field",
    "outer",
    "cause",
];
pub(crate) const IN_LINES: [&str; 4] = ["line", "job-id", "event-type", "awaited"];
pub(crate) const IN_SPOOL: [&str; 2] = ["left-field", "left-error"];

/// A URL with a secret, and what is to be found of it.
pub(crate) fn at(control: &str) -> String {
    format!("redis://app:{SECRET}@db/control-{control}")
}

/// All bytes of all files of a folder.
pub(crate) fn bytes(folder: &Path) -> Vec<u8> {
    let files = fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path());
    files.fold(Vec::new(), |mut bytes, path| {
        match path.is_dir() {
            true => bytes.extend(self::bytes(&path)),
            // A socket is no file.
            false => bytes.extend(fs::read(&path).unwrap_or_default()),
        }
        bytes
    })
}

fn count(bytes: &[u8], text: &str) -> usize {
    bytes
        .windows(text.len())
        .filter(|there| *there == text.as_bytes())
        .count()
}

/// Each control is found and, where the process scrubs, no secret is.
pub(crate) fn check(place: &str, bytes: &[u8], controls: &[&str], scrubs: bool) {
    for control in controls {
        assert!(
            count(bytes, &format!("control-{control}")) > 0,
            "{control} is not in {place}"
        );
    }
    let secrets = count(bytes, SECRET);
    let around = bytes
        .windows(200)
        .find(|there| there[100..].starts_with(SECRET.as_bytes()));
    let around = String::from_utf8_lossy(around.unwrap_or_default());
    assert_eq!(
        secrets == 0,
        scrubs,
        "{secrets} secrets in {place}: {around}"
    );
}

#[derive(Debug)]
#[expect(dead_code, reason = "for its `Debug`")]
pub(crate) struct Config {
    pub(crate) name: &'static str,
    pub(crate) password: Option<String>,
}

/// What serde writes has a name beside it, and nothing else that tells.
#[derive(serde::Serialize)]
pub(crate) struct LoadedConfig {
    pub(crate) name: &'static str,
    pub(crate) password: &'static str,
}

#[derive(Debug)]
pub(crate) struct Unreachable(pub(crate) String);

impl fmt::Display for Unreachable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot reach {}", self.0)
    }
}

#[derive(Debug)]
pub(crate) struct Outer(pub(crate) Unreachable);

impl fmt::Display for Outer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no rows of {}", at("outer"))
    }
}

impl std::error::Error for Unreachable {}

impl std::error::Error for Outer {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}
