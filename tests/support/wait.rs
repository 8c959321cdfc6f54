//! Waiting for what has to become so.

use std::time::{Duration, Instant};

/// Looks again and again until it is so. The thread sleeps between two looks, so what has to happen
/// must happen on another.
pub fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let until = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(
            Instant::now() < until,
            "in {PATIENCE:?} it was never so: {what}"
        );
        std::thread::sleep(LOOK);
    }
}

/// Longer than all outages that tests make, on a machine with much else to do.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);
pub(crate) const LOOK: Duration = Duration::from_millis(5);
