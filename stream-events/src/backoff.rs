//! How long to wait between two tries to connect: doubled each time, with jitter, so that a fleet does
//! not come back at one moment.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};

use crate::store::Class;

const SHORTEST: Duration = Duration::from_millis(50);
const LONGEST: Duration = Duration::from_secs(5);
/// Where the store does not let us in, until someone mends that: to ask more often may lock us out.
pub(crate) const DENIED: Duration = Duration::from_secs(5);

/// The waits of one outage, from its beginning.
pub(crate) fn waits() -> ExponentialBackoff {
    let waits = ExponentialBuilder::new()
        .with_min_delay(SHORTEST)
        .with_max_delay(LONGEST);
    waits.without_max_times().with_jitter().build()
}

/// The next of them, after a fault of this class.
pub(crate) fn after(class: Class, waits: &mut ExponentialBackoff) -> Duration {
    match class {
        Class::Denied | Class::Barred => DENIED,
        _ => next(waits),
    }
}

/// The next of them; they do not run out.
pub(crate) fn next(waits: &mut ExponentialBackoff) -> Duration {
    waits.next().unwrap_or(LONGEST)
}
