//! What a subscriber writes, for those who read it.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

/// All lines so far. A clone is the same.
#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<String>>);

impl Log {
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
