//! Runs that have failed, of frameworks that say why when the span is closed already.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use stream_events::__private::{Adopted, Ending, after};

/// Runs whose span is closed, with when that was and how they end without a word, the oldest first.
#[derive(Debug)]
pub(crate) struct Late {
    longest: Duration,
    runs: Mutex<Runs>,
}

type Runs = VecDeque<(Instant, Adopted, Ending<'static>)>;

/// That long they wait. What is said comes at once, unless it is hidden or hooks of the user's own come
/// first.
const LONGEST: Duration = Duration::from_secs(10);
/// Beyond these the oldest waits no longer.
const MOST: usize = 1_000;

impl Default for Late {
    fn default() -> Self {
        Self {
            longest: LONGEST,
            runs: Mutex::default(),
        }
    }
}

impl Late {
    /// The span of this run is closed, and nothing has been said.
    pub(crate) fn wait(self: &Arc<Self>, run: Adopted, ending: Ending<'static>) {
        if run.is_over() {
            return;
        }
        let mut runs = self.runs();
        runs.push_back((Instant::now(), run, ending));
        let oldest = (runs.len() > MOST).then(|| runs.pop_front()).flatten();
        drop(runs);
        end(oldest);
        self.set_alarm();
    }

    /// The framework says by what a run of this job has failed, and whether it tries again.
    pub(crate) fn told(&self, job: &str, error: &str, will_retry: bool) {
        let mut runs = self.runs();
        let is_it = |(_, run, _): &(_, Adopted, _)| run.job().id().as_str() == job;
        let place = runs.iter().rposition(is_it);
        let told = place.and_then(|place| runs.remove(place));
        drop(runs);
        let Some((_, run, ending)) = told else { return };
        if will_retry {
            run.is_tried_again();
        }
        run.end(match ending {
            Ending::Panicked => Ending::Panicked,
            _ => Ending::Failed(error),
        });
    }

    fn set_alarm(self: &Arc<Self>) {
        let late = Arc::downgrade(self);
        after(self.longest, move || {
            if let Some(late) = late.upgrade().filter(|late| late.is_due()) {
                // Scrub hooks are asked about an end: not on the thread of the timer.
                let ends = thread::Builder::new().name("stream-events-ends".to_owned());
                let _ = ends.spawn(move || late.give_up());
            }
        });
    }

    fn is_due(&self) -> bool {
        let oldest = self.runs().front().map(|(since, ..)| *since);
        oldest.is_some_and(|since| since.elapsed() >= self.longest)
    }

    fn give_up(&self) {
        while self.is_due() {
            let oldest = self.runs().pop_front();
            end(oldest);
        }
    }

    fn runs(&self) -> MutexGuard<'_, Runs> {
        self.runs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Not under the lock: scrub hooks are asked about it.
fn end(unsaid: Option<(Instant, Adopted, Ending<'static>)>) {
    if let Some((_, run, ending)) = unsaid {
        run.end(ending);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use stream_events::__private::adopt;
    use stream_events::{JobId, Publisher};

    const WHY: Ending<'static> = Ending::Failed("nobody knows");

    fn begin(publisher: &Publisher, n: usize) -> Adopted {
        let job = JobId::try_from(format!("job_{n}")).unwrap();
        adopt(publisher.job_builder(job, "t").unwrap(), None).unwrap()
    }

    #[test]
    fn of_a_run_of_which_nothing_is_said_the_end_comes_in_its_time() {
        let publisher = Publisher::connect("memory:late").unwrap();
        let late = Arc::new(Late {
            longest: Duration::from_millis(10),
            ..Late::default()
        });
        let run = begin(&publisher, 0);
        let job = run.job().clone();
        late.wait(run, WHY);
        let began = Instant::now();
        while publisher.stats().emitted < 2 {
            assert!(began.elapsed() < Duration::from_secs(20));
            thread::yield_now();
        }
        drop(job);
    }

    #[test]
    fn of_more_than_can_wait_the_oldest_ends_and_what_is_said_ends_its_run_alone() {
        let publisher = Publisher::connect("memory:late_many").unwrap();
        let late = Arc::new(Late::default());
        for n in 0..=MOST {
            late.wait(begin(&publisher, n), WHY);
        }
        let emitted = |ends: usize| assert_eq!(publisher.stats().emitted, (MOST + 1 + ends) as u64);
        emitted(1);
        late.told("job_0", "why", false);
        late.told("job_none", "why", false);
        emitted(1);
        late.told("job_1", "why", false);
        emitted(2);
        assert_eq!(late.runs().len(), MOST - 1);
    }
}
