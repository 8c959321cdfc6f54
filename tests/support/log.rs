//! What a subscriber writes, for those who read it.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use super::wait::{LOOK, PATIENCE};

/// All lines so far. A clone is the same.
#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<String>>);

impl Log {
    /// What a subscriber takes for a writer.
    pub fn writer(&self) -> impl Fn() -> Self + Send + Sync + use<> {
        let log = self.clone();
        move || log.clone()
    }

    /// All of them.
    #[must_use]
    pub fn text(&self) -> String {
        self.0.lock().unwrap().clone()
    }

    /// How often this stands there.
    #[must_use]
    pub fn count(&self, line: &str) -> usize {
        self.0.lock().unwrap().matches(line).count()
    }

    /// Waits for a line with all of these in it. It may be there already.
    pub fn wait_for(&self, parts: &[&str]) -> String {
        let until = Instant::now() + PATIENCE;
        loop {
            if let Some(line) = self.line(parts) {
                return line;
            }
            assert!(
                Instant::now() < until,
                "no line with {parts:?} in {}",
                self.text()
            );
            std::thread::sleep(LOOK);
        }
    }

    fn line(&self, parts: &[&str]) -> Option<String> {
        let text = self.0.lock().unwrap();
        let has_all = |line: &&str| parts.iter().all(|part| line.contains(part));
        text.lines().find(has_all).map(str::to_owned)
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = std::str::from_utf8(bytes).unwrap();
        self.0.lock().unwrap().push_str(text);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
