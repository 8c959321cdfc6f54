//! Lifecycle events that the store has acknowledged, for who is to be told of them.

use super::Delivery;
use crate::EventId;
use crate::event::{Values, lifecycle};
use crate::store::{Appended, NewEntry};

/// One of them, as it stands on its stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fresh {
    pub(crate) id: EventId,
    pub(crate) values: Values,
}

impl Delivery {
    /// The lifecycle events that the store has acknowledged since this was last asked, also those that it
    /// had lost and has again.
    pub(crate) fn take_fresh(&mut self) -> Vec<Fresh> {
        std::mem::take(&mut self.fresh)
    }
}

/// Those of these, which stand on the stream under the ids that they have.
pub(super) fn note(fresh: &mut Vec<Fresh>, entries: &[NewEntry]) {
    let news = entries.iter().filter_map(|entry| {
        lifecycle(entry.values.event_type())?;
        let (id, values) = (entry.id?, entry.values.clone());
        Some(Fresh { id, values })
    });
    fresh.extend(news);
}

/// Those of these that were taken.
pub(super) fn note_taken(fresh: &mut Vec<Fresh>, entries: &[NewEntry], results: &Appended) {
    let asked = entries.iter().zip(results);
    for (entry, _) in asked.filter(|(_, result)| result.is_ok()) {
        note(fresh, std::slice::from_ref(entry));
    }
}
