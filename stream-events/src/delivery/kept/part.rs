//! A part of what is kept, and where it stands.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::EventId;
use crate::delivery::batch::{STRIKES, SUSPECT_AFTER};
use crate::store::Append;

/// A part of a stream that was acknowledged.
#[derive(Debug)]
pub(in crate::delivery) struct Part {
    place: Mutex<Place>,
    /// How many connections in a row broke with it on its way.
    breaks: AtomicU32,
}

/// Where it stands. A replay may have to put it elsewhere, above what others have written; which of those
/// places a store has that is come back to is not known.
#[derive(Debug, Clone)]
struct Place {
    append: Arc<Append>,
    /// The lowest id that one of it has had.
    lowest: EventId,
    has_moved: bool,
}

impl Part {
    pub(super) fn new(append: Append) -> Self {
        let ids = append.entries.iter().filter_map(|entry| entry.id);
        Self::at(Place {
            lowest: ids.min().unwrap_or(EventId::ZERO),
            append: Arc::new(append),
            has_moved: false,
        })
    }

    /// The same, of which this is left.
    pub(super) fn with(&self, left: Append) -> Self {
        Self::at(Place {
            append: Arc::new(left),
            ..self.place().clone()
        })
    }

    fn at(place: Place) -> Self {
        Self {
            place: Mutex::new(place),
            breaks: AtomicU32::new(0),
        }
    }

    fn place(&self) -> MutexGuard<'_, Place> {
        self.place.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(in crate::delivery) fn append(&self) -> Arc<Append> {
        Arc::clone(&self.place().append)
    }

    pub(in crate::delivery) fn lowest(&self) -> EventId {
        self.place().lowest
    }

    pub(in crate::delivery) fn has_moved(&self) -> bool {
        self.place().has_moved
    }

    /// What had the first of two ids has the second from now on; in the order of the entries.
    pub(in crate::delivery) fn go(&self, moves: &[(EventId, EventId)]) {
        if moves.is_empty() {
            return;
        }
        let (mut place, mut moves) = (self.place(), moves.iter().peekable());
        place.has_moved = true;
        for entry in &mut Arc::make_mut(&mut place.append).entries {
            if let Some((_, to)) = moves.next_if(|(from, _)| entry.id == Some(*from)) {
                entry.id = Some(*to);
            }
        }
    }

    pub(in crate::delivery) fn passed(&self) {
        self.breaks.store(0, Relaxed);
    }

    pub(in crate::delivery) fn broke(&self) {
        self.breaks.fetch_add(1, Relaxed);
    }

    /// It is to be sent alone, so that no other suffers by it.
    pub(in crate::delivery) fn is_suspect(&self) -> bool {
        self.breaks.load(Relaxed) >= SUSPECT_AFTER
    }

    pub(in crate::delivery) fn is_hopeless(&self) -> bool {
        self.breaks.load(Relaxed) >= SUSPECT_AFTER + STRIKES
    }
}
