//! How a phase moves on without other layers: a loop of a million steps is no million lines in a
//! log.

use std::fmt;
use std::sync::Arc;

use tracing::Span;

use crate::alone::alone;
use crate::fields::{Said, safe};
use crate::marks::mark_in;
use crate::phase::Phase;

/// Moves a `progress_span!` on.
///
/// The stream gets an event for it at most every 100 ms
/// ([`DEFAULT_THROTTLE`](crate::DEFAULT_THROTTLE)) where only numbers change, the newest as soon as that
/// time is up. What is new to people goes out at once: another message, step or total, a text of the
/// job's own, the first event of a span, the one at which its total is reached, and its end.
///
/// `span.record("current", n)` does the same, but every layer sees it, and the formatting layer of
/// `tracing-subscriber` keeps each value for its lines. Without [`layer`](crate::layer), on a
/// registry, or outside of a job, nothing happens.
///
/// The `Display` of a text that is being recorded on the span may move it on, too, or wait for a thread
/// that does: the span's lock, which the formatting layer of `tracing-subscriber` holds meanwhile, is not
/// needed. It counts each time that another layer makes the text; while ours does, nothing is heard on its
/// thread. Only where ours cannot know where it is, as in a `reload::Layer` in an `Option`, that lock is
/// waited for.
///
/// ```
/// use stream_events::progress_span;
/// use stream_events_tracing::ProgressSpan;
///
/// let pages = ["a", "b"];
/// let phase = progress_span!("rendering", total = pages.len());
/// for page in pages {
///     phase.inc(1);
/// }
/// ```
pub trait ProgressSpan {
    /// So many more are done. Where that is not shown yet, it costs a look at the clock, and no text is
    /// made.
    fn inc(&self, by: u64);

    /// So many are done by now.
    fn set(&self, current: u64);

    /// Says something else from now on.
    fn message(&self, message: impl fmt::Display);
}

impl ProgressSpan for Span {
    fn inc(&self, by: u64) {
        with_phase(self, |phase| phase.advance(by));
    }

    fn set(&self, current: u64) {
        with_phase(self, |phase| {
            phase.update(Said {
                current: Some(current),
                ..Said::default()
            })
        });
    }

    fn message(&self, message: impl fmt::Display) {
        let message = alone(|| safe(&message));
        with_phase(self, |phase| {
            phase.update(Said {
                message,
                ..Said::default()
            })
        });
    }
}

fn with_phase(span: &Span, act: impl FnOnce(&Arc<Phase>)) {
    let mark = span.with_subscriber(|(id, dispatch)| mark_in(dispatch.downcast_ref()?, id));
    if let Some(mark) = mark.flatten()
        && let Some(phase) = mark.phase()
    {
        alone(|| act(phase));
    }
}
