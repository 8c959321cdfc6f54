//! The process's own memory as a store, with the semantics of the Redis one: ids, trimming, expiry,
//! waiting reads.

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

/// The memory of this name. All who open one name in one process share it; it goes with the last of
/// them.
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
    shelf: Mutex<Shelf>,
    /// Told of every append, to wake those who wait.
    appended: watch::Sender<()>,
}

#[derive(Default)]
struct Shelf {
    by_key: HashMap<String, Stream>,
    /// When those whose time is up are thrown away; until then they are only not shown.
    sweep_at: Option<Instant>,
}

#[derive(Default)]
struct Stream {
    entries: BTreeMap<EventId, Entry>,
    last_id: EventId,
    expires: Option<Instant>,
}

/// How often streams are looked through for those whose time is up.
const SWEEP: Duration = Duration::from_secs(1);

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
        let shelf = self.shelf();
        let info = shelf.get(key).map(|stream| {
            let event = |(_, entry): (&EventId, &Entry)| entry.clone().into();
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
        let mut shelf = self.shelf();
        let stream = shelf.open(&append.key);
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
        let shelf = self.shelf();
        let Some(stream) = shelf.get(key).filter(|_| from <= to) else {
            return Vec::new();
        };
        let entries = stream.entries.range(from..=to).take(count);
        entries.map(|(_, entry)| entry.clone()).collect()
    }

    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shelf {
    fn get(&self, key: &str) -> Option<&Stream> {
        let now = Instant::now();
        self.by_key.get(key).filter(|stream| stream.is_kept(now))
    }

    /// The stream of this key, a new one where there is none.
    fn open(&mut self, key: &str) -> &mut Stream {
        let now = Instant::now();
        if self.sweep_at.is_none_or(|at| at <= now) {
            self.by_key.retain(|_, stream| stream.is_kept(now));
            self.sweep_at = now.checked_add(SWEEP);
        }
        let stream = self.by_key.entry(key.to_owned()).or_default();
        if !stream.is_kept(now) {
            *stream = Stream::default();
        }
        stream
    }
}

impl Stream {
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
        let field = |(name, value): (&&str, &Vec<u8>)| (name.as_bytes().to_vec(), value.clone());
        let fields = FIELDS.iter().zip(&entry.values).map(field).collect();
        self.entries.insert(id, Entry { id, fields });
        self.last_id = id;
        Ok(id)
    }
}
