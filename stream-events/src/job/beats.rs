//! A run's heartbeat: while it says nothing, what it said last, again. It comes from where the job is
//! polled, so it certifies what a lease cannot: that the job itself gets to go on.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::Job;
use super::progress::KEYS;
use crate::event::{EventType, Fields};

/// What a run said last, and when; of runs with a heartbeat only.
#[derive(Debug)]
pub(super) struct Beats(Mutex<Last>);

#[derive(Debug)]
struct Last {
    at: Instant,
    /// Where the job stood then.
    standing: Fields,
}

impl Default for Beats {
    fn default() -> Self {
        Self(Mutex::new(Last {
            at: Instant::now(),
            standing: Fields::new().own("progress", "at work"),
        }))
    }
}

impl Beats {
    /// The run says this: not a beat, which says nothing new.
    pub(super) fn hear(&self, event_type: &EventType, fields: &Fields) {
        let standing = (*event_type == EventType::TaskProgress)
            .then(|| fields.only(&[&["progress"], &KEYS[..]].concat(), MOST));
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        last.at = Instant::now();
        last.standing = standing.unwrap_or_else(|| std::mem::take(&mut last.standing));
    }

    /// Says it again where nothing was said for this long, and gives how long the next time is away at least.
    /// Under the lock: what the run says meanwhile comes after it. No code of a user's runs there.
    fn again(&self, every: Duration, say: impl FnOnce(Fields)) -> Duration {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match every.saturating_sub(last.at.elapsed()) {
            Duration::ZERO => {
                say(last.standing.clone());
                last.at = Instant::now();
                every
            }
            left => left,
        }
    }
}

impl Job {
    /// Beats where it is time, and says how long the next beat is away at least.
    pub(crate) fn beat(&self, every: Duration) -> Duration {
        let run = self.run();
        let Some(beats) = run.beats().filter(|_| !run.is_ending()) else {
            return every;
        };
        beats.again(every, |standing| {
            // It was scrubbed where it was said first: a hook may make something else of its own work.
            run.progress_of(BEATS, standing.own("heartbeat", &true));
        })
    }
}

/// Of each value that is said again.
const MOST: usize = 1024;
/// The phase that they are of, which there is not: they coalesce with each other alone.
pub(crate) const BEATS: u64 = u64::MAX;

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

    use super::*;
    use crate::job::{JobId, Plan};
    use crate::{Progress, Publisher, Scrub};

    const EVERY: Duration = Duration::from_secs(30);

    /// What would be said again, or how long that is away.
    fn due(beats: &Beats, every: Duration) -> Result<String, Duration> {
        let mut said = None;
        let left = beats.again(every, |standing| said = Some(standing.to_string()));
        said.ok_or(left)
    }

    fn hear(beats: &Beats, event_type: EventType, fields: Fields) {
        beats.0.lock().unwrap().at = Instant::now().checked_sub(EVERY).unwrap();
        beats.hear(&event_type, &fields);
    }

    #[test]
    fn it_is_due_where_nothing_was_said_for_so_long() {
        let beats = Beats::default();
        let left = due(&beats, EVERY).unwrap_err();
        assert!(left <= EVERY && left > EVERY / 2, "{left:?}");
        let standing = due(&beats, Duration::ZERO).unwrap();
        assert_eq!(standing, r#"{"progress":"at work"}"#);
        hear(&beats, EventType::domain("row"), Fields::new());
        assert!(due(&beats, EVERY).unwrap_err() > EVERY / 2);
    }

    #[test]
    fn what_was_said_last_of_where_it_stands_is_said_again() {
        let beats = Beats::default();
        let fields = Fields::new()
            .own("progress", &"é".repeat(MOST))
            .own("step", "parse")
            .own("percent", &30)
            .own("eta_ms", &7)
            .field("file", "a.md");
        hear(&beats, EventType::TaskProgress, fields);
        hear(&beats, EventType::domain("row"), Fields::new());
        let standing = due(&beats, Duration::ZERO).unwrap();
        let head = "é".repeat(MOST / 2 - 1);
        let expected = format!(r#"{{"progress":"{head}","step":"parse","percent":30}}"#);
        assert_eq!(standing, expected);
    }

    #[test]
    fn what_is_said_again_is_not_scrubbed_again() {
        let scrub = Scrub::none().and(|text| Some(format!("<{text}>")));
        let builder = Publisher::builder().url("memory:beats").scrub(scrub);
        let core = builder.unattended();
        let plan = Plan {
            has_heartbeat: true,
            ..Plan::new(JobId::random(), "t")
        };
        let job = Job::start(&core, plan, None).unwrap();
        job.progress("parsing");
        for _ in 0..3 {
            job.beat(Duration::ZERO);
        }
        let standing = due(job.run().beats().unwrap(), Duration::ZERO).unwrap();
        assert_eq!(standing, r#"{"progress":"<parsing>"}"#);
    }

    /// What the run said of `current` in the order of its stream, and whether it was said again.
    fn said(job: &Job) -> Vec<(u64, bool)> {
        let (queue, mut said) = (&job.run().core().queue, Vec::new());
        while let Some(taken) = queue.take(Instant::now()) {
            for draft in &taken.events {
                let text = str::from_utf8(&draft.text).unwrap();
                let current = text.split_once(r#""current":"#).map(|(_, rest)| rest);
                let digits = current.and_then(|rest| rest.split([',', '}']).next());
                said.extend(digits.map(|n| (n.parse().unwrap(), text.contains("heartbeat"))));
            }
            queue.release(taken.lane, taken.position);
        }
        said
    }

    #[test]
    fn what_is_said_again_comes_before_what_is_newer_and_takes_nothing_back() {
        let core = Publisher::builder().url("memory:order").unattended();
        let plan = Plan {
            has_heartbeat: true,
            ..Plan::new(JobId::random(), "t")
        };
        let job = Job::start(&core, plan, None).unwrap();
        let (last, is_over) = (20_000, AtomicBool::new(false));
        std::thread::scope(|threads| {
            threads.spawn(|| {
                while !is_over.load(Relaxed) {
                    job.beat(Duration::ZERO);
                }
            });
            (1..=last).for_each(|n| job.progress(Progress::new("on").current(n)));
            is_over.store(true, Relaxed);
        });
        job.beat(Duration::ZERO);
        let (mut newest, mut beats) = (0, 0);
        for (current, is_beat) in said(&job) {
            assert!(current >= newest, "{current} behind {newest}");
            newest = newest.max(current);
            beats += u64::from(is_beat);
        }
        assert!(beats > 1, "{beats}");
        let standing = due(job.run().beats().unwrap(), Duration::ZERO).unwrap();
        assert_eq!(standing, format!(r#"{{"progress":"on","current":{last}}}"#));
    }
}
