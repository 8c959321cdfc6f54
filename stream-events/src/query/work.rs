//! What it takes to see whether something is asked for.

use std::cell::Cell;

/// Bytes that were looked at, each as often as it was. A value that is compared counts as one more.
#[derive(Debug, Default)]
pub(super) struct Work(Cell<usize>);

impl Work {
    pub(super) fn add(&self, bytes: usize) {
        self.0.set(self.0.get().saturating_add(bytes));
    }

    pub(super) fn bytes(&self) -> usize {
        self.0.get()
    }
}
