//! Variables named as what tracing's macros import for themselves are still the user's.
#![deny(warnings)]
use stream_events::{progress, progress_span};

struct Value;

#[test]
fn main() {
    let (debug, display) = (true, "a");
    progress!("{display} {debug:?}", debug, shown = %display, length = display.len());
    progress!(debug, %display, "{}", display);
    progress!("{total}", total = display.len() + usize::from(debug));
    progress!("{}", size_of::<Value>());
    progress_span!("{display}", total = display.len(), debug).in_scope(|| {});
}
