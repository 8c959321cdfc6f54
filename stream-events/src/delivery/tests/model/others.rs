//! What others do to the streams of the model: they write, delete, and put something else there.

use super::losses::Key;
use super::server::Server;
use crate::EventId;
use crate::event::Values;
use crate::store::{Append, NewEntry};

impl Server {
    /// Another writer's entry. Nothing can come behind it that has the last of ids.
    pub(super) fn write(&mut self, key: &str, id: Option<EventId>, max_len: u64) {
        self.remember();
        let entry = NewEntry {
            id,
            values: Values::new(b"{}".to_vec(), b"", "foreign"),
        };
        let append = Append {
            key: key.into(),
            entries: Vec::new(),
            max_len,
            expire: None,
        };
        if self.take(&append, &entry).is_ok() {
            self.foreign.insert(key.to_owned());
            self.losses.give_up(key, |_| id == Some(EventId::MAX));
        }
    }

    /// Sets the last id of a stream, without an entry.
    pub(super) fn fence(&mut self, key: &str, ms: u64) {
        self.remember();
        let id = EventId::new(self.clock + ms, 0);
        if let Some(stream) = self.streams.get_mut(key) {
            stream.fence(id);
            self.foreign.insert(key.to_owned());
        }
    }

    pub(super) fn expect_rival(&mut self, key: Key, times: u32) {
        self.rivals.insert(key, times);
    }

    pub(super) fn meet_rival(&mut self, append: &Append) {
        let first = append.entries.first().and_then(|entry| entry.id);
        if let Some(times) = self.rivals.get_mut(&*append.key)
            && *times > 0
        {
            *times -= 1;
            let ahead = first.map(|id| EventId::new(id.ms().saturating_add(1), 0));
            self.write(&append.key, ahead, append.max_len);
        }
    }

    pub(super) fn delete(&mut self, key: &str) {
        self.remember();
        self.deleted.insert(key.to_owned());
        let stream = self.streams.remove(key).unwrap_or_default();
        self.losses.go(key, stream.entries.into_keys());
    }

    /// Puts something other than a stream there.
    pub(super) fn mistype(&mut self, key: &str) {
        self.delete(key);
        self.losses.give_up(key, |_| true);
        let other = self.streams.entry(key.to_owned()).or_default();
        other.is_other = true;
    }
}
