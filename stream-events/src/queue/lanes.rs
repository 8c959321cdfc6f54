//! The lanes that are in use.

use std::collections::HashMap;
use std::sync::{Arc, Weak};

use super::lane::{Lane, Mark};
use crate::JobId;
use crate::random::Random;
use crate::sync::{Mutex, MutexGuard, PoisonError};

/// A publisher's lanes by job. A lane goes when nothing of its job waits and no run of it is open.
#[derive(Debug, Default)]
pub(crate) struct Lanes {
    directory: Mutex<Directory>,
    random: Random,
}

#[derive(Debug, Default)]
struct Directory {
    by_job: HashMap<JobId, Weak<Lane>>,
    /// How many entries there may be before those whose lane is gone are swept out.
    sweep_at: usize,
}

impl Lanes {
    pub(crate) fn lane(&self, job: &JobId, prefix: &str) -> Arc<Lane> {
        let mut directory = self.directory();
        directory.sweep();
        let found = directory.by_job.entry(job.clone()).or_default();
        found.upgrade().unwrap_or_else(|| {
            let lane = Arc::new(Lane::new(job.key(prefix).into(), &self.random));
            *found = Arc::downgrade(&lane);
            lane
        })
    }

    /// The lane of a job, if there is one.
    pub(crate) fn find(&self, job: &JobId) -> Option<Arc<Lane>> {
        self.directory().by_job.get(job).and_then(Weak::upgrade)
    }

    /// What has to be gone for all that waits now to be gone.
    pub(crate) fn marks(&self) -> Vec<Mark> {
        self.all().iter().filter_map(Lane::mark).collect()
    }

    pub(crate) fn all(&self) -> Vec<Arc<Lane>> {
        let directory = self.directory();
        directory
            .by_job
            .values()
            .filter_map(Weak::upgrade)
            .collect()
    }

    fn directory(&self) -> MutexGuard<'_, Directory> {
        self.directory
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Directory {
    fn sweep(&mut self) {
        if self.by_job.len() < self.sweep_at {
            return;
        }
        self.by_job.retain(|_, lane| lane.strong_count() > 0);
        self.sweep_at = (2 * self.by_job.len()).max(64);
    }
}
