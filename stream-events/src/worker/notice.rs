//! What the worker says in the log.

use std::time::Duration;

use tracing::Dispatch;

use crate::stats::Stats;

const TARGET: &str = "stream_events";

pub(crate) enum Notice {
    /// Something was said that is part of no job.
    Outside,
    /// A filter keeps progress from the Layer.
    Hidden,
    /// Or spans of others that it was asked to show.
    HiddenSpans {
        directives: String,
    },
    /// A span of others that should be a run cannot be one.
    Unadopted {
        span: String,
        why: String,
    },
    /// A run of this task type cannot begin.
    Unseen {
        task_type: String,
        why: String,
    },
    /// Or its parent has a name that cannot be one.
    Parentless {
        task_type: String,
        why: String,
    },
    Away {
        store: String,
        why: String,
    },
    Back {
        store: String,
        after: Duration,
        pending: u64,
    },
    Cannot {
        store: String,
        why: String,
    },
    CanAgain {
        store: String,
    },
    Replayed {
        store: String,
        events: u64,
    },
    Unplaced {
        store: String,
        events: u64,
    },
    /// Streams may go before their time, with no word about it.
    Evicts {
        store: String,
        how: String,
    },
    NotDurable {
        store: String,
        why: String,
    },
    Refused {
        store: String,
        event: String,
        job: String,
        why: String,
    },
    /// Nobody would notice the end of this process.
    Unleased {
        store: String,
        why: String,
    },
    LeasedAgain {
        store: String,
    },
    /// Lists and feeds of jobs lack what happens here.
    Unindexed {
        store: String,
        what: String,
        why: String,
    },
    IndexedAgain {
        store: String,
        what: String,
    },
    /// The store refuses what can be done without.
    Lacks {
        store: String,
        why: String,
        /// What comes of that.
        so: &'static str,
    },
    /// A run goes on that others have declared lost.
    Resumed {
        job: String,
    },
    /// The spool keeps nothing.
    Unspooled {
        why: String,
    },
    Foreign {
        file: String,
        of: String,
    },
    Unrestored {
        store: String,
        why: String,
    },
    Unreadable {
        file: String,
        why: String,
    },
    Restored {
        store: String,
        events: u64,
    },
    Broken {
        stats: Stats,
    },
}

impl Notice {
    pub(crate) fn tell(self) {
        match self {
            Self::Outside => {
                tracing::warn!(target: TARGET, "progress! or publish! outside of a job has no effect: call it in a function with #[job_events] or in `Job::scope`; a task or thread of a job's finds it in its span, or by `Job::in_scope`");
            }
            // As an error: the filter that hides progress would hide a warning, too.
            Self::Hidden => {
                tracing::error!(target: TARGET, "progress does not reach the streams of jobs: a filter that holds for all layers hides it; add `stream_events=info` to it, as in `RUST_LOG=warn,stream_events=info`");
            }
            Self::HiddenSpans { directives } => {
                tracing::error!(target: TARGET, "spans do not show on the streams of jobs: a filter that holds for all layers hides them; add `{directives}` to it");
            }
            Self::Unadopted { span, why } => {
                tracing::error!(target: TARGET, "a run of a span `{span}` leaves no events: {why}");
            }
            Self::Unseen { task_type, why } => {
                tracing::error!(target: TARGET, "a run of `{task_type}` leaves no events: {why}");
            }
            Self::Parentless { task_type, why } => {
                tracing::error!(target: TARGET, "a run of `{task_type}` tells no parent: {why}");
            }
            Self::Away { store, why } => {
                tracing::warn!(target: TARGET, "{store} is away ({why}); jobs run on, events wait");
            }
            Self::Back {
                store,
                after,
                pending,
            } => {
                tracing::info!(target: TARGET, "{store} is back after {after:.1?}; {pending} events wait");
            }
            Self::Cannot { store, why } => {
                tracing::warn!(target: TARGET, "{store} takes no events ({why}); jobs run on, events wait");
            }
            Self::CanAgain { store } => {
                tracing::info!(target: TARGET, "{store} takes events again");
            }
            Self::Replayed { store, events } => {
                tracing::warn!(target: TARGET, "{store} had lost {events} events that it had acknowledged, and has them again");
            }
            Self::Unplaced { store, events } => {
                tracing::warn!(target: TARGET, "{store} had lost {events} events that it had acknowledged, and cannot have them again: other writers are always ahead on their streams");
            }
            Self::Evicts { store, how } => {
                tracing::warn!(target: TARGET, "{store} throws jobs' streams away when its memory is full ({how})");
            }
            Self::NotDurable { store, why } => {
                tracing::warn!(target: TARGET, "{store} cannot make ends of runs durable ({why}); they count once it acknowledges them");
            }
            Self::Refused {
                store,
                event,
                job,
                why,
            } => {
                tracing::error!(target: TARGET, "{store} refused {event} of job `{job}` for good: {why}");
            }
            Self::Unleased { store, why } => {
                tracing::warn!(target: TARGET, "{store} keeps no leases ({why}); jobs run on, but nobody will notice if this process is killed");
            }
            Self::LeasedAgain { store } => {
                tracing::info!(target: TARGET, "{store} keeps leases again");
            }
            Self::Unindexed { store, what, why } => {
                tracing::warn!(target: TARGET, "{store} does not take what is for `{what}` ({why}); jobs run on, but lists and feeds of jobs lack them");
            }
            Self::IndexedAgain { store, what } => {
                tracing::info!(target: TARGET, "{store} takes what is for `{what}` again");
            }
            Self::Lacks { store, why, so } => {
                tracing::warn!(target: TARGET, "{store} does not let us do all ({why}); jobs run on, but {so}");
            }
            Self::Resumed { job } => {
                tracing::warn!(target: TARGET, "job `{job}` goes on; it was declared lost while this process could not renew its lease");
            }
            Self::Unspooled { why } => {
                tracing::warn!(target: TARGET, "the spool cannot be written ({why}); events wait in memory alone");
            }
            Self::Foreign { file, of } => {
                tracing::warn!(target: TARGET, "the spool's file {file} holds events for {of}; they stay there");
            }
            Self::Unrestored { store, why } => {
                tracing::warn!(target: TARGET, "{store} does not take events that a process has left in the spool ({why}); they stay there");
            }
            Self::Unreadable { file, why } => {
                tracing::error!(target: TARGET, "the spool's file {file} cannot be read ({why}); what it holds is not delivered");
            }
            Self::Restored { store, events } => {
                tracing::info!(target: TARGET, "delivered {events} events from the spool to {store}, left by a process that is gone");
            }
            Self::Broken { stats } => {
                tracing::error!(target: TARGET, "the publisher is broken, jobs leave no events: {stats:?}");
            }
        }
    }
}

/// Runs the worker with no subscriber: what its client and runtime trace would come back to us as
/// events to deliver. It is no dispatcher at all, since one that hears nothing would still count among
/// those of the process, and raise what all others are asked about.
pub(super) fn unheard(run: impl FnOnce()) {
    tracing::dispatcher::with_default(&Dispatch::none(), run);
}
