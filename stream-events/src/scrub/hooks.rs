//! The user's own functions that take something out of a text.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

type Hook = dyn Fn(&str) -> Option<String> + Send + Sync;

/// Asked one after the other.
#[derive(Clone, Default)]
pub(super) struct Hooks(Vec<Arc<Hook>>);

thread_local! {
    /// Whether a hook is at work on this thread.
    static IS_AT_WORK: Cell<bool> = const { Cell::new(false) };
}

impl Hooks {
    pub(super) fn add(&mut self, hook: impl Fn(&str) -> Option<String> + Send + Sync + 'static) {
        self.0.push(Arc::new(hook));
    }

    pub(super) fn count(&self) -> usize {
        self.0.len()
    }

    pub(super) fn are_none(&self) -> bool {
        self.0.is_empty()
    }

    /// What is to stand in the text's place, where one of them says so.
    pub(super) fn replaced(&self, text: &str) -> Option<String> {
        if self.are_none() {
            return None;
        }
        let Some(_at_work) = AtWork::begin() else {
            return Some(WITHIN.to_owned());
        };
        let ask = || {
            self.0.iter().fold(None, |replaced: Option<String>, hook| {
                let text = replaced.as_deref().unwrap_or(text);
                hook(text).or(replaced)
            })
        };
        let asked = catch_unwind(AssertUnwindSafe(ask));
        asked.unwrap_or_else(|_panic| Some(PANICKED.to_owned()))
    }
}

/// What a hook emits is not given to hooks again, which would never end.
struct AtWork;

impl AtWork {
    fn begin() -> Option<Self> {
        // On targets without thread-locals of their own, a thread that ends has no such mark any more: nothing
        // is taken for granted then. On others it has one to its last, since that needs no destructor.
        let was_at_work = IS_AT_WORK.try_with(|is| is.replace(true)).unwrap_or(true);
        // One that is not begun must not be made either, since it ends the other where it is dropped.
        (!was_at_work).then(|| Self)
    }
}

impl Drop for AtWork {
    fn drop(&mut self) {
        let _ = IS_AT_WORK.try_with(|is| is.set(false));
    }
}

/// What is not known to be harmless is not shown.
const PANICKED: &str = "[redacted: the scrub hook panicked]";
const WITHIN: &str = "[redacted: emitted by a scrub hook]";
