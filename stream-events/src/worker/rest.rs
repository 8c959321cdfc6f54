//! How the worker waits.

use std::time::{Duration, Instant};

use crate::queue::{Attention, Queue};

/// While events flow the worker looks again by itself after so long, and goes to sleep when none
/// has come for so long.
const NAP: Duration = Duration::from_micros(500);
const AWAKE_FOR: Duration = Duration::from_millis(20);
/// Where so many came at a time, so many more wait by now: to look is little beside what they cost anyway.
const MANY: usize = 32;
const NAP_OF_MANY: Duration = Duration::from_micros(250);

/// What came last.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Flow {
    pub(super) at: Option<Instant>,
    pub(super) events: usize,
}

impl Flow {
    /// How long the worker naps at a time; none where it sleeps until it is woken.
    pub(super) fn nap(self) -> Option<Duration> {
        self.at.filter(|at| at.elapsed() < AWAKE_FOR)?;
        Some(if self.events < MANY { NAP } else { NAP_OF_MANY })
    }
}

/// What else the worker waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Meanwhile {
    /// Something is on its way, and its answer comes as it comes. By timers of a runtime a nap may take two
    /// milliseconds.
    Answers,
    /// Nothing that could not wait for a nap: the thread sleeps.
    Nothing,
}

/// Waits until the queue may have something, or for a nap of this time. The last look at it comes after the word on how to
/// wake us, so that no event slips between.
pub(crate) async fn rest(
    queue: &Queue,
    has_room: bool,
    nap: Option<Duration>,
    meanwhile: Meanwhile,
) {
    if !has_room {
        return std::future::pending().await;
    }
    queue.attend(match nap {
        Some(_) => Attention::Napping,
        None => Attention::Asleep,
    });
    if !queue.is_empty() {
        return;
    }
    // After a nap it is looked at again, either way.
    match (nap, meanwhile) {
        (Some(nap), Meanwhile::Nothing) => queue.nap(nap),
        (Some(nap), Meanwhile::Answers) => drop(tokio::time::timeout(nap, queue.wanted()).await),
        (None, _) => queue.wanted().await,
    }
}

pub(super) async fn sleep_until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at.into()).await,
        None => std::future::pending().await,
    }
}
