//! What the worker says in the log.

use std::cell::RefCell;
use std::time::Duration;

use tracing::subscriber::{DefaultGuard, NoSubscriber, set_default};

use crate::queue::Draft;
use crate::stats::Stats;

const TARGET: &str = "stream_events";

thread_local! {
    static SILENCE: RefCell<Option<DefaultGuard>> = const { RefCell::new(None) };
}

/// Runs the worker with no subscriber: what its client and runtime trace would come back to us as
/// events to deliver.
pub(super) fn unheard(run: impl FnOnce()) {
    SILENCE.set(Some(set_default(NoSubscriber::new())));
    run();
    SILENCE.take();
}

pub(super) fn is_away(store: &str, why: &str) {
    heard(|| tracing::warn!(target: TARGET, "{store} is away ({why}); jobs run on, events wait"));
}

pub(super) fn is_back(store: &str, after: Duration, pending: u64) {
    heard(
        || tracing::info!(target: TARGET, "{store} is back after {after:.1?}; {pending} events wait"),
    );
}

pub(super) fn has_refused(store: &str, draft: &Draft, why: &str) {
    let (event, job) = (&draft.event_type, &draft.run.job);
    heard(
        || tracing::error!(target: TARGET, "{store} refused {event} of job `{job}` for good: {why}"),
    );
}

pub(super) fn is_broken(stats: &Stats) {
    heard(
        || tracing::error!(target: TARGET, "the publisher is broken, jobs leave no events: {stats:?}"),
    );
}

/// Lets the process's subscriber hear one notice of our own.
fn heard(notice: impl FnOnce()) {
    drop(SILENCE.take());
    notice();
    SILENCE.set(Some(set_default(NoSubscriber::new())));
}
