//! `percent` takes any number, `current` and `total` whole ones; behind a reference or in an `Option`.
use std::num::{NonZeroU8, NonZeroUsize};

use stream_events::{progress, progress_span};

#[test]
fn main() {
    let (current, total): (&u32, &&mut usize) = (&3, &&mut 7);
    let percent = Some(33.3_f32);
    progress!("all bare", current, total = **total, percent);
    progress!(
        "bytes {current}",
        current = 1_u128,
        total = -1,
        percent = 100
    );
    progress!(
        "{total} of {current}",
        current = *current,
        total = total.pow(2),
        percent = 0.5
    );
    progress!(
        "none",
        current = None::<i64>,
        total = NonZeroUsize::MIN,
        percent = &&3_u8
    );
    let count = || total.checked_sub(4);
    progress!("may be", current = count(), total = NonZeroU8::MAX);
    drop(progress_span!(
        "a span {total}",
        total = **total + 1,
        current = current,
        percent
    ));
    // Only those keys are numbers.
    progress!("others", step = 3, rows = "many", percentage = ?percent);
}
