//! A user's text that has another one written while it is written, and so on.

use std::cell::Cell;

thread_local! {
    static DEPTH: Cell<u8> = const { Cell::new(0) };
}

/// A text of the user's that is being written on this thread, as a `Serialize` or `Display` of theirs.
pub(super) struct Nested;

impl Nested {
    /// None where so many are being written already that they would never end: a value that publishes
    /// itself while it is written, say.
    pub(super) fn begin() -> Option<Self> {
        let deeper = |depth: &Cell<u8>| {
            let is_deep = depth.get() >= DEEPEST;
            depth.set(depth.get() + u8::from(!is_deep));
            !is_deep
        };
        // On targets without thread-locals of their own, a thread that ends has no such count any more, and
        // writes no more either. On others it has one to its last, since that needs no destructor.
        // One that is not begun must not be made either, since it is counted where it is dropped.
        DEPTH.try_with(deeper).unwrap_or(false).then(|| Self)
    }
}

impl Drop for Nested {
    fn drop(&mut self) {
        let _ = DEPTH.try_with(|depth| depth.set(depth.get() - 1));
    }
}

/// Each may be what one event says, and have two more: deep enough for what has an end, and shallow
/// enough for what would double at each.
const DEEPEST: u8 = 8;
/// What stands in place of a text that is too deep.
pub(super) const TOO_DEEP: &str = "writes itself without end";
