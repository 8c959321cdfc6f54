//! Runs that a framework does piece by piece, while none of the pieces is at work.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use stream_events::__private::{Adopted, Ending};
use stream_events::JobId;

/// Runs between two spans of theirs, with when they came, the oldest first.
#[derive(Debug, Default)]
pub(crate) struct Kept(Mutex<Runs>);

type Runs = VecDeque<(Instant, Adopted)>;

/// Of those between two spans that wait the longest: their next is likely in another process.
const MOST_KEPT: usize = 1_000;
/// And of those that have waited for as long. They are looked at when another comes or goes.
const LONGEST: Duration = Duration::from_secs(60 * 60);

impl Kept {
    pub(crate) fn keep(&self, run: Adopted) {
        self.keep_at(Instant::now(), run);
    }

    /// The job's run, unless it has ended meanwhile.
    pub(crate) fn take(&self, job: &JobId) -> Option<Adopted> {
        self.take_at(Instant::now(), job)
    }

    fn keep_at(&self, now: Instant, run: Adopted) {
        let mut runs = self.runs();
        runs.push_back((now, run));
        let old = old(&mut runs, now);
        drop(runs);
        give_up(old);
    }

    fn take_at(&self, now: Instant, job: &JobId) -> Option<Adopted> {
        let mut runs = self.runs();
        let old = old(&mut runs, now);
        let place = runs.iter().position(|(_, run)| run.job().id() == job);
        let found = place.and_then(|place| runs.remove(place));
        drop(runs);
        give_up(old);
        found.map(|(_, run)| run).filter(|run| !run.is_over())
    }

    fn runs(&self) -> MutexGuard<'_, Runs> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Those that are kept no longer.
fn old(runs: &mut Runs, now: Instant) -> Runs {
    let is_young = |(came, _): &(Instant, Adopted)| now.saturating_duration_since(*came) < LONGEST;
    let first_young = runs.iter().position(is_young).unwrap_or(runs.len());
    let old = first_young.max(runs.len().saturating_sub(MOST_KEPT));
    runs.drain(..old).collect()
}

/// Not under the lock: scrub hooks are asked about each.
fn give_up(runs: Runs) {
    for (_, run) in runs {
        run.end(Ending::Cancelled(
            "its next step did not come to this process",
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use stream_events::__private::adopt;
    use stream_events::Publisher;

    #[test]
    fn of_more_than_can_be_kept_the_oldest_ends() {
        let publisher = Publisher::connect("memory:kept").unwrap();
        let job = |n: usize| JobId::try_from(format!("job_{n}")).unwrap();
        let kept = Kept::default();
        for n in 0..=MOST_KEPT {
            let builder = publisher.job_builder(job(n), "t").unwrap();
            kept.keep(adopt(builder, None).unwrap());
        }
        assert!(kept.take(&job(0)).is_none());
        assert!(kept.take(&job(1)).is_some());
        assert!(kept.take(&job(1)).is_none());
        assert!(kept.take(&job(MOST_KEPT)).is_some());
    }

    #[test]
    fn one_that_has_ended_or_waited_for_an_hour_is_not_gone_on_with() {
        let publisher = Publisher::connect("memory:kept_old").unwrap();
        let job = JobId::try_from("job_001").unwrap();
        let begin = || adopt(publisher.job_builder(job.clone(), "t").unwrap(), None);
        let (kept, now) = (Kept::default(), Instant::now());
        kept.keep_at(now, begin().unwrap());
        assert!(kept.take_at(now + LONGEST / 2, &job).is_some());
        kept.keep_at(now, begin().unwrap());
        assert!(kept.take_at(now + LONGEST, &job).is_none());
        let run = begin().unwrap();
        run.end(Ending::Completed);
        kept.keep_at(now, run);
        assert!(kept.take_at(now, &job).is_none(), "a new run begins");
    }
}
