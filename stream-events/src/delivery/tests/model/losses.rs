//! What the model server had, and has not any more.

use std::collections::{BTreeMap, BTreeSet};

use crate::EventId;
use crate::delivery::batch::STRIKES;
use crate::store::{Class, Fault};

pub(super) type Key = String;
type Place = (Key, EventId);

/// Places where something stood.
#[derive(Debug, Default)]
pub(super) struct Losses {
    /// It was trimmed or deleted, or cannot come back.
    gone: BTreeSet<Place>,
    /// The server went back behind it.
    lost: BTreeSet<Place>,
    /// Of each stream that was full, where it then began.
    first: BTreeMap<Key, EventId>,
    /// How often it was refused so.
    odd: BTreeMap<Place, u32>,
}

impl Losses {
    pub(super) fn go(&mut self, key: &str, ids: impl IntoIterator<Item = EventId>) {
        let places = ids.into_iter().map(|id| (key.to_owned(), id));
        self.gone.extend(places);
    }

    pub(super) fn lose(&mut self, key: &str, ids: impl IntoIterator<Item = EventId>) {
        let places = ids.into_iter().map(|id| (key.to_owned(), id));
        self.lost.extend(places);
    }

    /// The stream is full, and begins with this.
    pub(super) fn fill(&mut self, key: &str, first: EventId) {
        self.first.insert(key.to_owned(), first);
    }

    /// It is there again.
    pub(super) fn come_back(&mut self, key: &str, id: EventId) {
        self.lost.remove(&(key.to_owned(), id));
    }

    /// What is refused time after time in words that nobody knows does not come back.
    pub(super) fn refuse(&mut self, key: &str, id: EventId, fault: &Fault) {
        if fault.class != Class::Odd {
            return;
        }
        let place = (key.to_owned(), id);
        let times = self.odd.entry(place).or_default();
        *times += 1;
        if *times > STRIKES {
            self.give_up(key, |lost| lost == id);
        }
    }

    /// What was lost of this stream cannot come back, where `is_given_up` says so.
    pub(super) fn give_up(&mut self, key: &str, is_given_up: impl Fn(EventId) -> bool) {
        let is_meant = |(of, id): &Place| of == key && is_given_up(*id);
        let given_up = self.lost.extract_if(.., is_meant);
        self.gone.extend(given_up);
    }

    pub(super) fn was_full(&self, key: &str) -> bool {
        self.first.contains_key(key)
    }

    /// Whether what stood there may be missing for good. Before the first of a stream that is full
    /// nobody can tell.
    pub(super) fn may_lack(&self, key: &str, id: EventId) -> bool {
        let is_before = |first: &EventId| id < *first;
        self.gone.contains(&(key.to_owned(), id)) || self.first.get(key).is_some_and(is_before)
    }

    pub(super) fn has_lost(&self, key: &str, id: EventId) -> bool {
        self.lost.contains(&(key.to_owned(), id))
    }
}
