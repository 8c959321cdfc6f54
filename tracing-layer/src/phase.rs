//! A phase of a job: what its span has said so far, how fast it goes, and how long the rest takes.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use stream_events::{Fields, Job, Progress};

use crate::fields::Said;

/// The state of one `progress_span!`.
#[derive(Debug)]
pub(crate) struct Phase {
    job: Job,
    /// Tells it from the other parts of the job. A span's id would be another span's after it.
    part: u64,
    started: Instant,
    so_far: Mutex<SoFar>,
}

#[derive(Debug, Clone, Default)]
struct SoFar {
    message: Option<String>,
    step: Option<String>,
    current: Option<u64>,
    total: Option<u64>,
}

impl Phase {
    /// Begins a phase, and says so.
    pub(crate) fn begin(job: Job, said: Said) -> Self {
        static PARTS: AtomicU64 = AtomicU64::new(1);
        let phase = Self {
            job,
            part: PARTS.fetch_add(1, Relaxed),
            started: Instant::now(),
            so_far: Mutex::default(),
        };
        phase.update(said);
        phase
    }

    /// Takes in what was said, and says where the phase stands.
    pub(crate) fn update(&self, said: Said) {
        let progress = self.change(|so_far| {
            let Said {
                message,
                step,
                current,
                total,
                percent,
                more,
            } = said;
            so_far.message = message.or_else(|| so_far.message.take());
            so_far.step = step.or_else(|| so_far.step.take());
            so_far.current = current.or(so_far.current);
            so_far.total = total.or(so_far.total);
            (percent, more)
        });
        self.say(progress);
    }

    /// Moves on by so many.
    pub(crate) fn advance(&self, by: u64) {
        let progress = self.change(|so_far| {
            so_far.current = Some(so_far.current.unwrap_or(0).saturating_add(by));
            (None, Fields::new())
        });
        self.say(progress);
    }

    /// Ends the phase, and says how long it took.
    pub(crate) fn end(&self) {
        let elapsed = self.started.elapsed().as_millis() as u64;
        let progress = self.change(|_| (None, Fields::new()));
        self.say(progress.elapsed_ms(elapsed));
    }

    fn say(&self, progress: Progress) {
        self.job.progress_of(self.part, progress);
    }

    /// Where it stands after the change. The lock is held for that alone: what is said is written after
    /// it.
    fn change(&self, change: impl FnOnce(&mut SoFar) -> (Option<f64>, Fields)) -> Progress {
        let mut so_far = self.so_far.lock().unwrap_or_else(PoisonError::into_inner);
        let (percent, more) = change(&mut so_far);
        let now = so_far.clone();
        drop(so_far);
        let pace = Pace::of(now.current, now.total, self.started.elapsed());
        let SoFar {
            message,
            step,
            current,
            total,
        } = now;
        let percent = percent.or(pace.percent);
        let mut progress = Said {
            message,
            step,
            current,
            total,
            percent,
            more,
        }
        .into_progress();
        if let Some(rate) = pace.rate {
            progress = progress.rate(rate);
        }
        if let Some(eta) = pace.eta {
            progress = progress.eta_ms(eta.as_millis() as u64);
        }
        progress
    }
}

/// How a phase goes, where its numbers tell.
#[derive(Debug, Default, PartialEq)]
struct Pace {
    percent: Option<f64>,
    /// Per second, since the phase began.
    rate: Option<f64>,
    /// Until the total is reached, at this rate.
    eta: Option<Duration>,
}

impl Pace {
    fn of(current: Option<u64>, total: Option<u64>, elapsed: Duration) -> Self {
        let Some(current) = current else {
            return Self::default();
        };
        let total = total.filter(|total| *total > 0);
        let percent = total.map(|total| (current as f64 / total as f64 * 100.0).min(100.0));
        let is_known = current > 0 && !elapsed.is_zero();
        let rate = is_known.then(|| current as f64 / elapsed.as_secs_f64());
        let left = total.map(|total| total.saturating_sub(current) as f64);
        let eta = rate
            .zip(left)
            .and_then(|(rate, left)| Duration::try_from_secs_f64(left / rate).ok());
        Self {
            percent: percent.map(rounded),
            rate: rate.map(rounded),
            eta,
        }
    }
}

/// To one decimal: more is noise.
fn rounded(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pace_follows_from_what_is_done_in_the_time() {
        let pace = Pace::of(Some(30), Some(120), Duration::from_secs(10));
        assert_eq!(
            pace,
            Pace {
                percent: Some(25.0),
                rate: Some(3.0),
                eta: Some(Duration::from_secs(30))
            }
        );
        let done = Pace::of(Some(130), Some(120), Duration::from_secs(10));
        assert_eq!(
            (done.percent, done.eta),
            (Some(100.0), Some(Duration::ZERO))
        );
    }

    #[test]
    fn what_is_not_known_is_not_said() {
        let second = Duration::from_secs(1);
        assert_eq!(Pace::of(None, Some(3), second), Pace::default());
        assert_eq!(
            Pace::of(Some(3), None, second),
            Pace {
                percent: None,
                rate: Some(3.0),
                eta: None
            }
        );
        assert_eq!(
            Pace::of(Some(0), Some(3), second),
            Pace {
                percent: Some(0.0),
                rate: None,
                eta: None
            }
        );
        assert_eq!(Pace::of(Some(3), Some(0), Duration::ZERO), Pace::default());
    }
}
