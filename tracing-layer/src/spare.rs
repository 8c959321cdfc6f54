//! A layer that is there twice does all once.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use tracing::Subscriber;

/// Whether another layer of the same kind around this one does it all.
#[derive(Debug, Default)]
pub(crate) struct Spare(AtomicBool);

impl Spare {
    pub(crate) fn is_spare(&self) -> bool {
        self.0.load(Relaxed)
    }

    /// A layer is put around this subscriber: one of its kind in there, found by `of`, is spare now.
    pub(crate) fn look<L: 'static>(subscriber: &dyn Subscriber, of: impl FnOnce(&L) -> &Self) {
        if let Some(earlier) = subscriber.downcast_ref::<L>() {
            of(earlier).0.store(true, Relaxed);
        }
    }
}
