//! The publisher that is told what filters hide: that of the process, or else one that is used by hand.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use super::Core;
use super::installed::current;

/// The last that began to be used.
static USED: Mutex<Weak<Core>> = Mutex::new(Weak::new());

/// Its first run begins: from now on there is somebody to be told, so that the Layer looks. It does so on
/// another thread: no job waits for a filter.
pub(super) fn is_used(core: &Arc<Core>) {
    *used() = Arc::downgrade(core);
    crate::job::installed();
}

/// Whom to tell.
pub(crate) fn told() -> Option<Arc<Core>> {
    let installed = current().map(|publisher| publisher.core);
    let told = installed.or_else(|| used().upgrade());
    told.filter(|core| !core.control.is_closed())
}

fn used() -> MutexGuard<'static, Weak<Core>> {
    USED.lock().unwrap_or_else(PoisonError::into_inner)
}
