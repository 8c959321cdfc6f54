//! The runs that awaiting methods began, kept until they end.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::job::{JobId, Run};

/// Held by the publisher's handles, and by nothing that a run holds: so they all go with the last handle.
#[derive(Default)]
pub(super) struct OpenRuns(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    by_job: HashMap<JobId, (u64, Arc<Run>)>,
    next: u64,
}

/// How many are kept. Of a job beyond them, the oldest, each further event is a run of its own.
const MOST: usize = 10_000;

impl OpenRuns {
    pub(super) fn keep(&self, run: &Arc<Run>) {
        let mut kept = self.kept();
        let age = kept.next;
        kept.next += 1;
        kept.by_job.insert(run.job.clone(), (age, Arc::clone(run)));
        if kept.by_job.len() > MOST {
            let oldest = kept.by_job.iter().min_by_key(|(_, (age, _))| *age);
            let oldest = oldest.map(|(job, _)| job.clone());
            oldest.and_then(|job| kept.by_job.remove(&job));
        }
    }

    /// Takes out the run of a job, which ends.
    pub(super) fn take(&self, job: &JobId) -> Option<Arc<Run>> {
        self.kept().by_job.remove(job).map(|(_, run)| run)
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
