//! Streams in memory, within bounds: of entries, of time, of bytes.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use super::super::{Append, Appended, Class, Fault, NewEntry, StreamInfo};
use crate::EventId;
use crate::event::{Entry, FIELDS, Timestamp};

/// What the memory holds at most: beyond it the streams go that would go first anyway.
const MOST_BYTES: usize = 256 * 1024 * 1024;
/// How often streams are looked through for those whose time is up.
const SWEEP: Duration = Duration::from_secs(1);
/// What an entry takes beside its fields, about.
const ENTRY_OVERHEAD: usize = 256;

#[derive(Default)]
pub(super) struct Shelf {
    by_key: HashMap<String, Stream>,
    /// When those whose time is up are thrown away; until then they are only not shown.
    sweep_at: Option<Instant>,
    /// Of all streams together.
    bytes: usize,
    /// Streams that went since this was last looked at.
    pub(super) gone: Vec<String>,
}

#[derive(Default)]
pub(super) struct Stream {
    entries: BTreeMap<EventId, Entry>,
    bytes: usize,
    last_id: EventId,
    expires: Option<Instant>,
}

impl Shelf {
    pub(super) fn append(&mut self, append: &Append) -> Appended {
        if append.entries.is_empty() && self.get(&append.key).is_none() {
            return Vec::new();
        }
        let stream = self.open(&append.key);
        let before = stream.bytes;
        let appended = append
            .entries
            .iter()
            .map(|entry| stream.append(entry))
            .collect();
        while stream.entries.len() as u64 > append.max_len {
            stream.pop_first();
        }
        if let Some(after) = append.expire {
            stream.expires = Instant::now().checked_add(after);
        }
        let after = stream.bytes;
        self.bytes = self.bytes + after - before;
        self.bound(&append.key, MOST_BYTES);
        appended
    }

    /// Only where the stream is there.
    pub(super) fn extend(&mut self, key: &str, entry: NewEntry) -> Result<Option<EventId>, Fault> {
        if self.get(key).is_none() {
            return Ok(None);
        }
        let append = Append {
            key: key.into(),
            entries: vec![entry],
            max_len: u64::MAX,
            expire: None,
        };
        self.append(&append).pop().transpose()
    }

    pub(super) fn get(&self, key: &str) -> Option<&Stream> {
        let now = Instant::now();
        self.by_key.get(key).filter(|stream| stream.is_kept(now))
    }

    #[cfg(feature = "testing")]
    pub(super) fn keys(&self) -> Vec<String> {
        self.by_key.keys().cloned().collect()
    }

    /// The stream of this key, a new one where there is none.
    fn open(&mut self, key: &str) -> &mut Stream {
        let now = Instant::now();
        if self.sweep_at.is_none_or(|at| at <= now) {
            let past = self.by_key.extract_if(|_, stream| !stream.is_kept(now));
            self.gone.extend(past.map(|(key, _)| key));
            self.bytes = self.by_key.values().map(|stream| stream.bytes).sum();
            self.sweep_at = now.checked_add(SWEEP);
        }
        let stream = self.by_key.entry(key.to_owned()).or_default();
        if !stream.is_kept(now) {
            self.bytes -= stream.bytes;
            *stream = Stream::default();
        }
        stream
    }

    /// Keeps within so many bytes; the stream that was written last goes as little as may be.
    fn bound(&mut self, written: &str, most: usize) {
        while self.bytes > most {
            let others = self.by_key.iter().filter(|(key, _)| *key != written);
            let first = others.min_by_key(|(_, stream)| (stream.expires.is_none(), stream.expires));
            let freed = match first.map(|(key, _)| key.clone()) {
                Some(key) => {
                    let freed = self.by_key.remove(&key).map_or(0, |stream| stream.bytes);
                    self.gone.push(key);
                    freed
                }
                None => self.by_key.get_mut(written).map_or(0, Stream::pop_first),
            };
            if freed == 0 {
                return;
            }
            self.bytes -= freed;
        }
    }
}

impl Stream {
    pub(super) fn between(&self, from: EventId, to: EventId, count: usize) -> Vec<Entry> {
        if from > to {
            return Vec::new();
        }
        let entries = self.entries.range(from..=to).take(count);
        entries.map(|(_, entry)| entry.clone()).collect()
    }

    /// The newest first.
    pub(super) fn tail(&self, from: EventId, to: EventId, count: usize) -> Vec<Entry> {
        if from > to {
            return Vec::new();
        }
        let entries = self.entries.range(from..=to).rev().take(count);
        entries.map(|(_, entry)| entry.clone()).collect()
    }

    pub(super) fn info(&self) -> StreamInfo {
        let event = |(_, entry): (&EventId, &Entry)| entry.clone().into();
        StreamInfo {
            length: self.entries.len() as u64,
            last_id: self.last_id,
            first_event: self.entries.first_key_value().map(event),
            last_event: self.entries.last_key_value().map(event),
        }
    }

    fn is_kept(&self, now: Instant) -> bool {
        self.expires.is_none_or(|expires| now < expires)
    }

    fn append(&mut self, entry: &NewEntry) -> Result<EventId, Fault> {
        let now = || EventId::new(Timestamp::now().ms(), 0);
        let id = entry.id.unwrap_or_else(|| self.last_id.next().max(now()));
        if id <= self.last_id {
            let why = format!(
                "the id {id} is not above the stream's last, {}",
                self.last_id
            );
            return Err(Fault::new(Class::Conflict, why));
        }
        let entry = Entry::new(id, FIELDS.iter().zip(entry.values.each()));
        self.bytes += size(&entry);
        self.entries.insert(id, entry);
        self.last_id = id;
        Ok(id)
    }

    /// Lets the oldest entry go, and says what that frees.
    fn pop_first(&mut self) -> usize {
        let freed = self
            .entries
            .pop_first()
            .map_or(0, |(_, entry)| size(&entry));
        self.bytes -= freed;
        freed
    }
}

fn size(entry: &Entry) -> usize {
    ENTRY_OVERHEAD + entry.size()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Values;

    #[test]
    fn what_would_go_first_goes_when_there_is_no_room() {
        let mut shelf = Shelf::default();
        let entry = |n| NewEntry {
            id: Some(EventId::new(1, n)),
            values: Values::new(vec![0; 1000], b"", ""),
        };
        for (key, expires) in [("late", 900), ("soon", 60), ("written", 300)] {
            let stream = shelf.open(key);
            stream.expires = Instant::now().checked_add(Duration::from_secs(expires));
            (0..10).for_each(|n| drop(stream.append(&entry(n))));
            shelf.bytes += shelf.by_key[key].bytes;
        }
        let each = shelf.bytes / 3;
        shelf.bound("written", 2 * each);
        assert!(shelf.get("soon").is_none() && shelf.get("late").is_some());
        shelf.bound("written", each / 2);
        assert_eq!(shelf.by_key.len(), 1);
        assert_eq!(shelf.by_key["written"].entries.len(), 5);
        assert_eq!(shelf.bytes, shelf.by_key["written"].bytes);
    }
}
