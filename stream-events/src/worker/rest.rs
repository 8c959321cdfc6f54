//! How the worker waits.

use std::time::{Duration, Instant};

use crate::queue::{Attention, Queue};

/// While events flow the worker looks again by itself after so long, and goes to sleep when none
/// has come for so long.
const NAP: Duration = Duration::from_micros(500);
const AWAKE_FOR: Duration = Duration::from_millis(20);

/// What else the worker waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Meanwhile {
    /// Something is on its way, and its answer comes as it comes. By timers of a runtime a nap may take two
    /// milliseconds.
    Answers,
    /// Nothing that could not wait for a nap: the thread sleeps.
    Nothing,
}

/// Waits until the queue may have something. The last look at it comes after the word on how to
/// wake us, so that no event slips between.
pub(crate) async fn rest(
    queue: &Queue,
    has_room: bool,
    last_event: Option<Instant>,
    meanwhile: Meanwhile,
) {
    if !has_room {
        return std::future::pending().await;
    }
    let naps = last_event.is_some_and(|last| last.elapsed() < AWAKE_FOR);
    queue.attend(if naps {
        Attention::Napping
    } else {
        Attention::Asleep
    });
    if !queue.is_empty() {
        return;
    }
    // After a nap it is looked at again, either way.
    match meanwhile {
        Meanwhile::Nothing if naps => queue.nap(NAP),
        Meanwhile::Answers if naps => drop(tokio::time::timeout(NAP, queue.wanted()).await),
        _ => queue.wanted().await,
    }
}

pub(super) async fn sleep_until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at.into()).await,
        None => std::future::pending().await,
    }
}
