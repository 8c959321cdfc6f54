//! What the worker says in the log.

use std::cell::RefCell;

use tracing::subscriber::{DefaultGuard, NoSubscriber, set_default};

thread_local! {
    static SILENCE: RefCell<Option<DefaultGuard>> = const { RefCell::new(None) };
}

/// Runs the worker with no subscriber: what its client and runtime trace would come back to us as events to deliver.
pub(super) fn unheard(run: impl FnOnce()) {
    SILENCE.set(Some(set_default(NoSubscriber::new())));
    run();
    SILENCE.take();
}

/// Lets the process's subscriber hear one notice of our own.
pub(super) fn heard(notice: impl FnOnce()) {
    drop(SILENCE.take());
    notice();
    SILENCE.set(Some(set_default(NoSubscriber::new())));
}
