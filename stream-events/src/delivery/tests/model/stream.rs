//! One stream of the model store.

use std::collections::BTreeMap;

use crate::event::{Entry, FIELDS};
use crate::store::{Class, Fault, NewEntry, StreamInfo};
use crate::{Event, EventId};

#[derive(Debug, Clone, Default)]
pub(super) struct Stream {
    pub(super) entries: BTreeMap<EventId, Event>,
    last_id: EventId,
    /// The key holds something other than a stream.
    pub(super) is_other: bool,
}

impl Stream {
    /// Takes an entry; where the id is to be chosen, by this clock.
    pub(super) fn append(&mut self, entry: &NewEntry, clock: u64) -> Result<EventId, Fault> {
        if self.is_other {
            return Err(Fault::new(Class::Never, "the key holds no stream"));
        }
        if self.last_id == EventId::MAX {
            return Err(Fault::new(Class::Never, "there are no ids left"));
        }
        let next = self.last_id.next().max(EventId::new(clock, 0));
        let id = entry.id.unwrap_or(next);
        if id <= self.last_id {
            return Err(Fault::new(Class::Conflict, "equal or smaller"));
        }
        let fields = FIELDS.iter().zip(entry.values.each());
        self.entries.insert(id, Entry::new(id, fields).into());
        self.last_id = id;
        Ok(id)
    }

    /// Takes nothing from now on but what is above this.
    pub(super) fn fence(&mut self, id: EventId) {
        self.last_id = self.last_id.max(id);
    }

    /// Lets the oldest go, beyond so many.
    pub(super) fn trim(&mut self, most: u64) -> Vec<EventId> {
        let over = self.entries.len().saturating_sub(most as usize);
        let gone: Vec<_> = self.entries.keys().take(over).copied().collect();
        for id in &gone {
            self.entries.remove(id);
        }
        gone
    }

    pub(super) fn range(&self, from: EventId, to: EventId, count: usize) -> Vec<Entry> {
        let within = self.entries.range(from..=to).take(count);
        within.map(|(_, event)| entry(event)).collect()
    }

    pub(super) fn info(&self) -> StreamInfo {
        let event = |(_, event): (&EventId, &Event)| event.clone();
        StreamInfo {
            length: self.entries.len() as u64,
            last_id: self.last_id,
            first_event: self.entries.first_key_value().map(event),
            last_event: self.entries.last_key_value().map(event),
        }
    }
}

fn entry(event: &Event) -> Entry {
    let field = |name| Some((name, event.raw(name)?));
    Entry::new(event.id(), FIELDS.into_iter().filter_map(field))
}
