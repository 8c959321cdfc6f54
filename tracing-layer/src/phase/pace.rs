//! How fast a phase goes, and how long the rest takes.

use std::time::Duration;

/// How a phase goes, where its numbers tell.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Pace {
    pub(super) percent: Option<f64>,
    /// Per second, since the phase began.
    pub(super) rate: Option<f64>,
    /// Until the total is reached, at this rate.
    pub(super) eta: Option<Duration>,
}

impl Pace {
    pub(super) fn of(current: Option<u64>, total: Option<u64>, elapsed: Duration) -> Self {
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
