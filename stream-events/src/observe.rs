//! What `#[job_events]` expands to: a start, and one call that sees the run to its end.

mod call;
mod chain;
mod heartbeat;
mod observed;
mod origin;
mod returns;
mod start;
mod timeout;
mod waits;

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

pub use call::{Followed, FollowedStream, Futures, Shape, Streams, Values, body, follow};
pub use chain::{ErrorChain, HasNone, Holds};
pub use observed::{Observed, never, observe};
pub use origin::{AttemptNumber, ParentSource};
pub use returns::{ErrorDisplay, Judge, Plain, ResultSerialize, Returns, plain};
pub use start::{JobIdSource, Start, start, start_new};
pub use timeout::{FallibleReturn, TimesOut};
pub use waits::Waits;

use crate::job::{self, Job};
use crate::publisher::current_publisher;

/// The job that the caller works for.
#[expect(clippy::exhaustive_enums, reason = "the macros match on all of it")]
pub enum Current {
    /// This one.
    Job(Job),
    /// Outside of any job.
    None,
}

/// Finds the current job. Where there is none although a publisher is installed, that is said once; a
/// log that itself publishes does not wait for us to have said it.
pub fn current() -> Current {
    static SAID: AtomicBool = AtomicBool::new(false);
    if let Some(job) = job::current() {
        return Current::Job(job);
    }
    if current_publisher().is_some() && !SAID.swap(true, Relaxed) {
        tracing::warn!(
            target: "stream_events",
            "publish! outside of a job has no effect: call it in a function with #[job_events], \
             or in `Job::scope`"
        );
    }
    Current::None
}
