//! A page in Chromium, what it shows, and what its `EventSource` is told.

use std::env;
use std::path::PathBuf;

use serde_json::Value;

use crate::script::{Script, installed};

/// Closed on drop.
pub(crate) struct Page(Script);

impl Page {
    pub(crate) fn open(url: &str) -> Self {
        installed();
        let program = chromium();
        Self(Script::start("page.mjs", &[url, program.to_str().unwrap()]))
    }

    /// What it shows once it shows this: texts, and how many lines.
    pub(crate) fn wait(&self, wanted: &Value) -> Value {
        self.0.tell(&wanted.to_string());
        self.0.line()
    }
}

/// An `EventSource` of a page, one after the other. Closed on drop.
pub(crate) struct Source(Script);

impl Source {
    pub(crate) fn of_page(url: &str) -> Self {
        installed();
        let program = chromium();
        let arguments = [url, program.to_str().unwrap()];
        Self(Script::start("source.mjs", &arguments))
    }

    /// The names of what it was told until it does not come back, and the status of each answer.
    pub(crate) fn until_closed(&self, url: &str) -> Value {
        self.0.tell(&Value::from(url).to_string());
        self.0.line()
    }
}

fn chromium() -> PathBuf {
    let paths = env::var_os("PATH").unwrap();
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let mut programs = env::split_paths(&paths).flat_map(|path| names.map(|name| path.join(name)));
    let found = programs.find(|program| program.exists());
    found.expect("these tests need chromium on the PATH: `tests/run` installs it")
}
