//! The process that a publisher was connected in.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use tracing::subscriber::NoSubscriber;
use tracing::{Dispatch, dispatcher};

/// A fork has a copy of the publisher, and no worker that would serve it: threads do not come along.
/// A lock that another thread held is held there for ever. So the copy does nothing.
#[derive(Debug)]
pub(crate) struct Process {
    id: u32,
    is_said: AtomicBool,
}

impl Process {
    pub(crate) fn current() -> Self {
        Self {
            id: std::process::id(),
            is_said: AtomicBool::new(false),
        }
    }

    /// Whether this is a fork of the process, which is said once, where anybody hears it: in a callback
    /// of a subscriber nobody does. A system call, of about 0.1 µs.
    pub(crate) fn is_left(&self) -> bool {
        let is_left = self.id != std::process::id();
        if is_left && is_heard() && !self.is_said.swap(true, Relaxed) {
            tracing::warn!(
                target: "stream_events",
                "this process was forked from the one that connected its publisher: jobs run on and \
                 leave no events here; connect a publisher after the fork"
            );
        }
        is_left
    }
}

/// Whether what the caller says is heard: not in a callback of a subscriber, as far as is known.
pub(crate) fn is_heard() -> bool {
    !dispatcher::get_default(Dispatch::is::<NoSubscriber>)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tracing::span::{Attributes, Id, Record};
    use tracing::subscriber::with_default;
    use tracing::{Event, Metadata, Subscriber};

    use super::*;

    /// Asks again while it is told, and notes what it was told.
    struct Asks(Arc<Process>, Arc<AtomicBool>);

    impl Subscriber for Asks {
        fn enabled(&self, _: &Metadata<'_>) -> bool {
            true
        }

        fn new_span(&self, _: &Attributes<'_>) -> Id {
            Id::from_u64(1)
        }

        fn record(&self, _: &Id, _: &Record<'_>) {}

        fn record_follows_from(&self, _: &Id, _: &Id) {}

        fn event(&self, event: &Event<'_>) {
            assert!(self.0.is_left());
            let is_ours = event.metadata().target() == "stream_events";
            self.1.fetch_or(is_ours, Relaxed);
        }

        fn enter(&self, _: &Id) {}

        fn exit(&self, _: &Id) {}
    }

    #[test]
    fn a_fork_is_told_of_where_somebody_hears_it() {
        let process = Arc::new(Process {
            id: 0,
            is_said: AtomicBool::new(false),
        });
        let is_told = Arc::new(AtomicBool::new(false));
        with_default(NoSubscriber::default(), || assert!(process.is_left()));
        with_default(Asks(Arc::clone(&process), Arc::clone(&is_told)), || {
            tracing::info!(target: "of_a_user", "the callback asks");
            assert!(!is_told.load(Relaxed));
            assert!(process.is_left());
        });
        assert!(is_told.load(Relaxed));
    }
}
