//! Which data the servers of a cluster are known to have.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Nothing is known where nobody has asked.
#[derive(Default)]
pub(super) struct Epochs(Mutex<Option<BTreeSet<String>>>);

impl Epochs {
    /// These are what is known from now on.
    pub(super) fn know(&self, epochs: BTreeSet<String>) {
        *self.known() = Some(epochs);
    }

    /// Whether it matters which data a server has.
    pub(super) fn matter(&self) -> bool {
        self.known().is_some()
    }

    /// Whether a server with this data has what it had; also where it does not tell.
    pub(super) fn have(&self, epoch: Option<&str>) -> bool {
        match (&*self.known(), epoch) {
            (Some(known), Some(epoch)) => known.contains(epoch),
            _ => true,
        }
    }

    fn known(&self) -> MutexGuard<'_, Option<BTreeSet<String>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
