//! What `#[job_events]` expands to: a start, and one call that sees the run to its end.

mod call;
mod chain;
mod observed;
mod origin;
mod returns;
mod said;
mod stage;
mod start;
mod timeout;
mod times;
mod waits;

pub use call::{Followed, FollowedStream, Futures, Shape, Streams, Values, body, follow};
pub use chain::{ErrorChain, HasNone, Holds};
pub use observed::{Observed, never, observe};
pub use origin::{AttemptNumber, Displayed, ParentSource, Perhaps};
pub use returns::{ErrorDisplay, Judge, Plain, ResultSerialize, Returns, plain};
pub use said::{FieldSerialize, Said};
pub use start::{JobIdSource, Start, start, start_new};
pub use timeout::{FallibleReturn, TimesOut};
pub use waits::{HeartbeatWaits, TimeoutWaits};

use crate::job::{self, Job, Whose};
use crate::publisher::with_current_publisher;

/// The job that the caller works for.
#[expect(clippy::exhaustive_enums, reason = "the macros match on all of it")]
pub enum Current {
    /// This one.
    Job(Job),
    /// None.
    None,
}

/// Finds the current job. Where there is none, and was to be none, that is counted.
pub fn current() -> Current {
    match job::whose() {
        Whose::Job(job) => return Current::Job(job),
        Whose::Nobody => {}
        Whose::Outside => outside(),
    }
    Current::None
}

/// Something was said outside of any job.
pub fn outside() {
    with_current_publisher(|publisher| publisher.core.outside_of_job());
}
