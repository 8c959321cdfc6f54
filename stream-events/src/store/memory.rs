//! The process's own memory as a store, with the semantics of the Redis one: ids, trimming, expiry,
//! waiting reads.

mod groups;
mod leases;
mod shelf;

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::watch;

use groups::GroupBook;
use leases::LeaseBook;
use shelf::{Shelf, Stream};

use super::changes::{Teller, changes};
use super::{
    Append, Appended, BoxFuture, Class, Connection, Fault, Groups, Lease, LeaseTurn, Leased,
    NewEntry, Purpose, Store, StreamInfo, Tracking,
};
use crate::EventId;
use crate::event::Entry;
#[cfg(test)]
use crate::index::Shards;
use crate::settings::Durability;

/// The memory of this name. All who open one name in one process share it; it goes with the last of
/// them.
pub(super) fn open(name: &str) -> Arc<dyn Store> {
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

static NAMED: LazyLock<Mutex<HashMap<String, Weak<Memory>>>> = LazyLock::new(Mutex::default);

/// The keys of all streams of the memory of this name.
#[cfg(feature = "testing")]
pub(crate) fn keys(name: &str) -> Vec<String> {
    let named = NAMED.lock().unwrap_or_else(PoisonError::into_inner);
    let memory = named.get(name).and_then(Weak::upgrade);
    drop(named);
    memory.map_or_else(Vec::new, |memory| memory.streams.shelf().keys())
}

struct Memory {
    name: String,
    streams: Arc<Streams>,
}

#[derive(Default)]
struct Streams {
    shelf: Mutex<Shelf>,
    leases: Mutex<LeaseBook>,
    groups: Mutex<GroupBook>,
    /// Told of every append, to wake those who wait.
    appended: watch::Sender<()>,
    /// Told which streams change, of those whose keys begin so.
    tellers: Mutex<Vec<(String, Teller)>>,
}

impl Store for Memory {
    fn connect(&self, _: Purpose) -> BoxFuture<'_, Result<Box<dyn Connection>, Fault>> {
        let connection: Box<dyn Connection> = Box::new(Arc::clone(&self.streams));
        Box::pin(std::future::ready(Ok(connection)))
    }

    fn track<'a>(&'a self, prefix: &'a str) -> BoxFuture<'a, Result<Tracking, Fault>> {
        let (teller, changes) = changes();
        self.streams.tellers().push((prefix.to_owned(), teller));
        let connection: Box<dyn Connection> = Box::new(Arc::clone(&self.streams));
        let changes = Some(changes);
        Box::pin(std::future::ready(Ok(Tracking {
            connection,
            changes,
        })))
    }

    fn shown(&self) -> &str {
        &self.name
    }

    /// One of tests may be as a cluster is.
    #[cfg(test)]
    fn shards(&self) -> Shards {
        match self.name.starts_with("memory:sharded") {
            true => Shards::OF_CLUSTER,
            false => Shards::ONE,
        }
    }
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Memory({:?})", self.name)
    }
}

impl Connection for Arc<Streams> {
    fn append(&self, batch: Vec<Arc<Append>>) -> BoxFuture<'static, Result<Vec<Appended>, Fault>> {
        let append = |append: &Arc<Append>| {
            let appended = self.shelf().append(append);
            self.changed(&append.key);
            appended
        };
        let appended = batch.iter().map(append).collect();
        Box::pin(std::future::ready(Ok(appended)))
    }

    fn extend(
        &self,
        key: &str,
        entry: NewEntry,
    ) -> BoxFuture<'static, Result<Option<EventId>, Fault>> {
        let extended = self.shelf().extend(key, entry);
        self.changed(key);
        Box::pin(std::future::ready(extended))
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

    fn tail(
        &self,
        key: &str,
        from: EventId,
        to: EventId,
        count: usize,
    ) -> BoxFuture<'static, Result<Vec<Entry>, Fault>> {
        let shelf = self.shelf();
        let tail = shelf
            .get(key)
            .map_or_else(Vec::new, |stream| stream.tail(from, to, count));
        Box::pin(std::future::ready(Ok(tail)))
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

    fn epoch(&self) -> BoxFuture<'static, Result<Option<String>, Fault>> {
        // It goes with the process: it cannot go back.
        Box::pin(std::future::ready(Ok(None)))
    }

    fn evicts(&self) -> BoxFuture<'static, Result<Option<String>, Fault>> {
        Box::pin(std::future::ready(Ok(None)))
    }

    fn confirm(
        &self,
        _: &[(&str, Duration)],
        _: Durability,
    ) -> BoxFuture<'static, Result<Vec<Result<bool, Fault>>, Fault>> {
        let fault = Fault::new(Class::Never, "memory has neither a disk nor replicas");
        Box::pin(std::future::ready(Err(fault)))
    }

    fn info(&self, key: &str) -> BoxFuture<'static, Result<Option<StreamInfo>, Fault>> {
        let shelf = self.shelf();
        let info = shelf.get(key).map(Stream::info);
        Box::pin(std::future::ready(Ok(info)))
    }

    fn groups(&self) -> Box<dyn Groups> {
        Box::new(Self::clone(self))
    }

    fn lease(&self, turn: Arc<LeaseTurn>) -> BoxFuture<'static, Result<Leased, Fault>> {
        let leased = self.leases().turn(&turn);
        Box::pin(std::future::ready(Ok(leased)))
    }

    fn expired(
        &self,
        key: &str,
        skip: usize,
        count: usize,
    ) -> BoxFuture<'static, Result<Vec<Lease>, Fault>> {
        let expired = self.leases().expired(key);
        let expired = expired.into_iter().skip(skip).take(count).collect();
        Box::pin(std::future::ready(Ok(expired)))
    }

    fn leased(&self, key: &str, most: usize) -> BoxFuture<'static, Result<Vec<Arc<str>>, Fault>> {
        let leased = self.leases().leased(key, most);
        Box::pin(std::future::ready(Ok(leased)))
    }

    fn expired_one(
        &self,
        key: &str,
        member: &str,
    ) -> BoxFuture<'static, Result<Option<Lease>, Fault>> {
        let mut expired = self.leases().expired(key).into_iter();
        let one = expired.find(|lease| &*lease.member == member);
        Box::pin(std::future::ready(Ok(one)))
    }
}

impl Streams {
    fn between(&self, key: &str, from: EventId, to: EventId, count: usize) -> Vec<Entry> {
        let shelf = self.shelf();
        shelf
            .get(key)
            .map_or_else(Vec::new, |stream| stream.between(from, to, count))
    }

    /// Wakes those who wait for it, and for what went to make room, or was past its time.
    fn changed(&self, key: &str) {
        self.appended.send_replace(());
        let gone = std::mem::take(&mut self.shelf().gone);
        let mut tellers = self.tellers();
        tellers.retain(|(_, teller)| teller.is_heard());
        for (prefix, teller) in &*tellers {
            let keys = gone.iter().map(String::as_str).chain([key]);
            keys.filter(|key| key.starts_with(prefix))
                .for_each(|key| teller.key(key.as_bytes()));
        }
    }

    fn tellers(&self) -> MutexGuard<'_, Vec<(String, Teller)>> {
        self.tellers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn leases(&self) -> MutexGuard<'_, LeaseBook> {
        self.leases.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
