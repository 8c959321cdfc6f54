//! What comes next for a batch, and how long that takes where it is to wait.

use std::time::Duration;

use crate::store::{Class, Fault};

/// What comes next for a batch.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    Settle,
    Send,
    /// Rests, for the n-th time in a row, for this reason.
    Rest(u32, Fault),
    /// One event of it rests for so long, and the store is well.
    Suspect(Duration),
    Confirm,
}

pub(super) fn rest(times: u32, class: Class) -> Duration {
    let (shortest, longest) = match class {
        Class::Denied | Class::Elsewhere => (SHORTEST_DENIED_REST, LONGEST_DENIED_REST),
        _ => (SHORTEST_REST, LONGEST_REST),
    };
    shortest.saturating_mul(1 << times.min(16)).min(longest)
}

/// How long a batch rests that the store cannot take now; doubled each time, up to the longest.
pub(super) const SHORTEST_REST: Duration = Duration::from_millis(50);
pub(super) const LONGEST_REST: Duration = Duration::from_secs(5);
/// The same where someone has to mend something first.
const SHORTEST_DENIED_REST: Duration = Duration::from_secs(1);
const LONGEST_DENIED_REST: Duration = Duration::from_secs(30);
