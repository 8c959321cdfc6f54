//! When the events of a replay have their turns.

use std::pin::Pin;
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

use crate::EventId;

/// How fast a [`Replay`](crate::Replay) is: as fast as the job was.
pub const DEFAULT_SPEED: f64 = 1.0;

/// The longest pause: of a clock that was wrong, there is no other end.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

pub(super) struct Pace {
    speed: f64,
    /// The event before, and when its turn was: what was taken late puts nothing off.
    last: Option<(EventId, Instant)>,
}

impl Pace {
    pub(super) fn new(speed: f64) -> Self {
        let speed = if speed > 0.0 { speed } else { DEFAULT_SPEED };
        Self { speed, last: None }
    }

    /// Until the event has its turn; none where that has come.
    pub(super) fn pause_before(&mut self, id: EventId) -> Option<Pin<Box<Sleep>>> {
        let now = Instant::now();
        let turn = match self.last {
            Some((before, turn)) => turn + self.pause(id.ms().saturating_sub(before.ms())),
            None => now,
        };
        self.last = Some((id, turn));
        (turn > now).then(|| Box::pin(sleep_until(turn)))
    }

    fn pause(&self, millis: u64) -> Duration {
        let seconds = Duration::from_millis(millis).as_secs_f64() / self.speed;
        // What is beyond all durations, too.
        Duration::try_from_secs_f64(seconds).map_or(LONGEST, |pause| pause.min(LONGEST))
    }
}
