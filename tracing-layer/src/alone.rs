//! What is said while something is being said on the same thread: a text that says where it stands
//! itself, and would come back to itself for ever.

use std::cell::Cell;

thread_local! {
    static IS_BUSY: Cell<bool> = const { Cell::new(false) };
}

/// Does this, unless it is called from within what is being done already. `tracing` itself keeps events
/// out of events, but neither updates of spans, nor any of it in a process with one subscriber for all.
pub(crate) fn alone<R>(act: impl FnOnce() -> R) -> Option<R> {
    let busy = Busy::enter()?;
    let done = act();
    drop(busy);
    Some(done)
}

/// Also a panic leaves it.
struct Busy;

impl Busy {
    fn enter() -> Option<Self> {
        // On targets without thread-locals of their own, a thread that ends has no such mark any more: nothing
        // is said then, and nothing panics.
        let is_busy = IS_BUSY.try_with(|is_busy| is_busy.replace(true));
        let is_busy = is_busy.unwrap_or(true);
        // One that is refused must not be made either, since dropping it would let the next one in.
        (!is_busy).then(|| Self)
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        let _ = IS_BUSY.try_with(|is_busy| is_busy.set(false));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_done_within_itself_however_often_and_a_panic_ends_it() {
        let again = || alone(|| ());
        assert_eq!(alone(|| (again(), again())), Some((None, None)));
        let panics = std::panic::catch_unwind(|| alone(|| panic!("in the middle")));
        assert!(panics.is_err());
        assert_eq!(alone(|| 1), Some(1));
    }
}
