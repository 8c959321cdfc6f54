//! The process's own memory as a store, with the semantics of the Redis one: ids, trimming, expiry, waiting reads.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::{
    Append, Appended, BoxFuture, Class, Connection, Fault, NewEntry, Purpose, Store, StreamInfo,
};
use crate::EventId;
use crate::event::{Entry, FIELDS, Timestamp};

/// The memory of this name. All who open one name in one process share it; it goes with the last of them.
pub(super) fn open(name: &str) -> Arc<dyn Store> {
    static NAMED: LazyLock<Mutex<HashMap<String, Weak<Memory>>>> = LazyLock::new(Mutex::default);
    let mut named = NAMED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(memory) = named.get(name).and_then(Weak::upgrade) {
        return memory;
    }
    named.retain(|_, memory| memory.strong_count() > 0);
    let memory = Arc::new(Memory {
        name: name.to_owned(),
        streams: Arc::default(),
    });
    named.insert(name.to_owned(), Arc::downgrade(&memory));
    memory
}

struct Memory {
    name: String,
    streams: Arc<Streams>,
}

#[derive(Default)]
struct Streams {
    by_key: Mutex<HashMap<String, Stream>>,
    /// Told of every append, to wake those who wait.
    appended: watch::Sender<()>,
}

#[derive(Default)]
struct Stream {
    entries: BTreeMap<EventId, Vec<(Vec<u8>, Vec<u8>)>>,
    last_id: EventId,
    expires: Option<Instant>,
}

impl Store for Memory {
    fn connect(&self, _: Purpose) -> BoxFuture<'_, Result<Box<dyn Connection>, Fault>> {
        let connection: Box<dyn Connection> = Box::new(Arc::clone(&self.streams));
        Box::pin(std::future::ready(Ok(connection)))
    }

    fn shown(&self) -> &str {
        &self.name
    }
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Memory({:?})", self.name)
    }
}

impl Connection for Arc<Streams> {
    fn append(&self, batch: Vec<Arc<Append>>) -> BoxFuture<'static, Result<Vec<Appended>, Fault>> {
        let appended = batch.iter().map(|append| self.append_one(append)).collect();
        self.appended.send_replace(());
        Box::pin(std::future::ready(Ok(appended)))
    }

    fn range(
        &self,
        key: &str,
        from: EventId,
        to: EventId,
        count: usize,
    ) -> BoxFuture<'static, Result<Vec<Entry>, Fault>> {
        let entries = self.between(key, from, to, count);
        Box::pin(std::future::ready(Ok(entries)))
    }

    fn read(
        &self,
        key: &str,
        after: EventId,
        count: usize,
        wait: Duration,
    ) -> BoxFuture<'static, Result<Vec<Entry>, Fault>> {
        let (streams, key) = (Self::clone(self), key.to_owned());
        Box::pin(async move {
            let mut appended = streams.appended.subscribe();
            let first = async {
                loop {
                    let entries = streams.between(&key, after.next(), EventId::MAX, count);
                    // The sender is in `streams`, which this future holds: `changed` cannot fail.
                    if !entries.is_empty() || appended.changed().await.is_err() {
                        return entries;
                    }
                }
            };
            Ok(tokio::time::timeout(wait, first).await.unwrap_or_default())
        })
    }

    fn info(&self, key: &str) -> BoxFuture<'static, Result<Option<StreamInfo>, Fault>> {
        let streams = self.live();
        let info = streams.get(key).map(|stream| {
            let event = |(id, fields): (&EventId, &Vec<_>)| {
                Entry {
                    id: *id,
                    fields: fields.clone(),
                }
                .into()
            };
            StreamInfo {
                length: stream.entries.len() as u64,
                last_id: stream.last_id,
                first_event: stream.entries.first_key_value().map(event),
                last_event: stream.entries.last_key_value().map(event),
            }
        });
        Box::pin(std::future::ready(Ok(info)))
    }
}

impl Streams {
    fn append_one(&self, append: &Append) -> Appended {
        let mut streams = self.live();
        let stream = streams.entry(append.key.to_string()).or_default();
        let appended = append
            .entries
            .iter()
            .map(|entry| stream.append(entry))
            .collect();
        while stream.entries.len() as u64 > append.max_len {
            stream.entries.pop_first();
        }
        if let Some(after) = append.expire {
            stream.expires = Instant::now().checked_add(after);
        }
        appended
    }

    fn between(&self, key: &str, from: EventId, to: EventId, count: usize) -> Vec<Entry> {
        let streams = self.live();
        let Some(stream) = streams.get(key).filter(|_| from <= to) else {
            return Vec::new();
        };
        let entry = |(id, fields): (&EventId, &Vec<_>)| Entry {
            id: *id,
            fields: fields.clone(),
        };
        stream
            .entries
            .range(from..=to)
            .take(count)
            .map(entry)
            .collect()
    }

    /// The streams whose time has not run out.
    fn live(&self) -> MutexGuard<'_, HashMap<String, Stream>> {
        let mut streams = self.by_key.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        streams.retain(|_, stream| stream.expires.is_none_or(|expires| now < expires));
        streams
    }
}

impl Stream {
    fn append(&mut self, entry: &NewEntry) -> Result<EventId, Fault> {
        let id = entry.id.unwrap_or_else(|| {
            self.last_id
                .next()
                .max(EventId::new(Timestamp::now().ms(), 0))
        });
        if id <= self.last_id {
            return Err(Fault::new(
                Class::Conflict,
                format!(
                    "the id {id} is not above the stream's last, {}",
                    self.last_id
                ),
            ));
        }
        let fields = FIELDS
            .iter()
            .zip(&entry.values)
            .map(|(name, value)| (name.as_bytes().to_vec(), value.clone()))
            .collect();
        self.entries.insert(id, fields);
        self.last_id = id;
        Ok(id)
    }
}
