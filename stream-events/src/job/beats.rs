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

impl Beats {
    pub(super) fn new() -> Self {
        Self(Mutex::new(Last {
            at: Instant::now(),
            standing: Fields::new().own("progress", "at work"),
        }))
    }

    /// The run says this.
    pub(super) fn hear(&self, event_type: &EventType, fields: &Fields) {
        let standing = (*event_type == EventType::TaskProgress)
            .then(|| fields.only(&[&["progress"], &KEYS[..]].concat(), MOST));
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        last.at = Instant::now();
        last.standing = standing.unwrap_or_else(|| std::mem::take(&mut last.standing));
    }

    /// What to say again where nothing was said for this long, or how long that is away still.
    fn due(&self, every: Duration) -> Result<Fields, Duration> {
        let last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match every.saturating_sub(last.at.elapsed()) {
            Duration::ZERO => Ok(last.standing.clone()),
            left => Err(left),
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
        match beats.due(every) {
            Ok(standing) => {
                // It was scrubbed where it was said first: a hook may make something else of its own work.
                run.progress_of(BEATS, standing.own("heartbeat", &true));
                every
            }
            Err(left) => left,
        }
    }
}

/// Of each value that is said again.
const MOST: usize = 1024;
/// The phase that they are of, which there is not: they coalesce with each other alone.
pub(crate) const BEATS: u64 = u64::MAX;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::{JobId, Plan};
    use crate::{Publisher, Scrub};

    const EVERY: Duration = Duration::from_secs(30);

    fn hear(beats: &Beats, event_type: EventType, fields: Fields) {
        beats.0.lock().unwrap().at = Instant::now().checked_sub(EVERY).unwrap();
        beats.hear(&event_type, &fields);
    }

    #[test]
    fn it_is_due_where_nothing_was_said_for_so_long() {
        let beats = Beats::new();
        let left = beats.due(EVERY).unwrap_err();
        assert!(left <= EVERY && left > EVERY / 2, "{left:?}");
        let standing = beats.due(Duration::ZERO).unwrap();
        assert_eq!(standing.to_string(), r#"{"progress":"at work"}"#);
        hear(&beats, EventType::domain("row"), Fields::new());
        assert!(beats.due(EVERY).unwrap_err() > EVERY / 2);
    }

    #[test]
    fn what_was_said_last_of_where_it_stands_is_said_again() {
        let beats = Beats::new();
        let fields = Fields::new()
            .own("progress", &"é".repeat(MOST))
            .own("step", "parse")
            .own("percent", &30)
            .own("eta_ms", &7)
            .field("file", "a.md");
        hear(&beats, EventType::TaskProgress, fields);
        hear(&beats, EventType::domain("row"), Fields::new());
        let standing = beats.due(Duration::ZERO).unwrap().to_string();
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
        let standing = job.run().beats().unwrap().due(Duration::ZERO).unwrap();
        assert_eq!(standing.to_string(), r#"{"progress":"<parsing>"}"#);
    }
}
