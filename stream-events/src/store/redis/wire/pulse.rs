//! Whether the other end of a connection answers.

use std::sync::{Mutex, MutexGuard, PoisonError};
#[cfg(feature = "cluster")]
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

#[derive(Debug, Default)]
pub(in super::super) struct Pulse {
    beat: Mutex<Beat>,
    end: Notify,
}

#[derive(Debug, Default)]
struct Beat {
    unanswered: usize,
    /// Since when something was asked, and nothing has come back.
    waits_since: Option<Instant>,
    /// When something was asked, and how many answers from now on the one to it is.
    awaited: Option<(Instant, usize)>,
    /// When the latest was asked of what is known to be answered.
    was_there: Option<Instant>,
    is_over: bool,
}

impl Pulse {
    pub(super) fn asked(&self) {
        let mut beat = self.beat();
        beat.unanswered += 1;
        let (now, unanswered) = (Instant::now(), beat.unanswered);
        beat.waits_since.get_or_insert(now);
        beat.awaited.get_or_insert((now, unanswered));
    }

    /// Something has come, of an answer that may be long.
    pub(super) fn heard(&self) {
        if let Some(since) = &mut self.beat().waits_since {
            *since = Instant::now();
        }
    }

    pub(super) fn answered(&self) {
        let mut beat = self.beat();
        beat.unanswered = beat.unanswered.saturating_sub(1);
        beat.waits_since = (beat.unanswered > 0).then(Instant::now);
        match &mut beat.awaited {
            Some((at, 1)) => (beat.was_there, beat.awaited) = (Some(*at), None),
            Some((_, left)) => *left -= 1,
            None => {}
        }
    }

    /// The connection is.
    pub(super) fn end(&self) {
        self.beat().is_over = true;
        self.end.notify_waiters();
    }

    fn beat(&self) -> MutexGuard<'_, Beat> {
        self.beat.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(feature = "cluster")]
impl Pulse {
    /// Whether something is asked that was not answered, and nothing else has come for so long.
    pub(in super::super) fn is_silent(&self, time: Duration) -> bool {
        let since = self.beat().waits_since;
        since.is_some_and(|since| since.elapsed() > time)
    }

    /// When the other end was there at the latest, as its answers show: an answer may have lain about for long,
    /// so that it shows no more than that it was there when it was asked.
    pub(in super::super) fn was_there(&self) -> Option<Instant> {
        self.beat().was_there
    }

    pub(in super::super) fn is_over(&self) -> bool {
        self.beat().is_over
    }

    /// Waits for the connection's end.
    pub(in super::super) async fn over(&self) {
        let mut end = std::pin::pin!(self.end.notified());
        // Before the look, so that no end slips between.
        end.as_mut().enable();
        if !self.is_over() {
            end.await;
        }
    }
}

#[cfg(all(test, feature = "cluster"))]
mod tests {
    use tokio::time::advance;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn who_is_in_the_middle_of_an_answer_is_not_silent() {
        let (pulse, second) = (Pulse::default(), Duration::from_secs(1));
        pulse.heard();
        advance(3 * second).await;
        assert!(!pulse.is_silent(2 * second), "nothing was asked");
        pulse.asked();
        for is_heard in [true, false] {
            advance(3 * second).await;
            assert!(pulse.is_silent(2 * second));
            if is_heard {
                pulse.heard();
                assert!(!pulse.is_silent(2 * second));
            }
        }
        pulse.answered();
        assert!(!pulse.is_silent(2 * second));
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_lay_about_shows_who_was_there_when_it_was_asked() {
        let (pulse, begun) = (Pulse::default(), Instant::now());
        let then = |seconds| Some(begun + Duration::from_secs(seconds));
        pulse.asked();
        advance(Duration::from_secs(1)).await;
        pulse.asked();
        advance(Duration::from_secs(5)).await;
        assert_eq!(pulse.was_there(), None);
        pulse.answered();
        assert_eq!(pulse.was_there(), then(0));
        pulse.asked();
        pulse.answered();
        assert_eq!(pulse.was_there(), then(0));
        pulse.answered();
        assert_eq!(pulse.was_there(), then(6));
    }
}
