//! The process that a publisher was connected in.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

/// A fork has a copy of the publisher, and no worker that would serve it: threads do not come along.
/// A lock that another thread held is held there for ever. So the copy does nothing.
#[derive(Debug)]
pub(crate) struct Process {
    id: u32,
    is_said: AtomicBool,
}

impl Process {
    pub(crate) fn current() -> Self {
        Self {
            id: std::process::id(),
            is_said: AtomicBool::new(false),
        }
    }

    /// Whether this is a fork of the process, which is said once. A system call, of about 0.1 µs.
    pub(crate) fn is_left(&self) -> bool {
        let is_left = self.id != std::process::id();
        if is_left && !self.is_said.swap(true, Relaxed) {
            tracing::warn!(
                target: "stream_events",
                "this process was forked from the one that connected its publisher: jobs run on and \
                 leave no events here; connect a publisher after the fork"
            );
        }
        is_left
    }
}
