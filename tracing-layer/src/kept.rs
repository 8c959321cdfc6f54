//! Runs that a framework does piece by piece, while none of the pieces is at work.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use stream_events::__private::{Adopted, Outcome};
use stream_events::JobId;

/// Runs between two spans of theirs.
#[derive(Debug, Default)]
pub(crate) struct Kept(Mutex<VecDeque<Adopted>>);

/// Of those between two spans that wait the longest: their next is likely in another process.
const MOST_KEPT: usize = 1_000;

impl Kept {
    pub(crate) fn keep(&self, run: Adopted) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.push_back(run);
        let oldest = (kept.len() > MOST_KEPT).then(|| kept.pop_front()).flatten();
        drop(kept);
        if let Some(run) = oldest {
            run.end(Outcome::Cancelled(
                "its next step did not come to this process",
            ));
        }
    }

    pub(crate) fn take(&self, job: &JobId) -> Option<Adopted> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let place = kept.iter().position(|run| run.job().id() == job)?;
        kept.remove(place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use stream_events::Publisher;

    #[test]
    fn of_more_than_can_be_kept_the_oldest_ends() {
        let publisher = Publisher::connect("memory:kept").unwrap();
        let job = |n: usize| JobId::try_from(format!("job_{n}")).unwrap();
        let kept = Kept::default();
        for n in 0..=MOST_KEPT {
            let builder = publisher.job_builder(job(n), "t").unwrap();
            kept.keep(builder.adopt(None).unwrap());
        }
        assert!(kept.take(&job(0)).is_none());
        assert!(kept.take(&job(1)).is_some());
        assert!(kept.take(&job(1)).is_none());
        assert!(kept.take(&job(MOST_KEPT)).is_some());
    }
}
