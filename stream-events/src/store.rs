//! Where streams live: what delivery and readers ask of a store, and the kinds there are.

pub(crate) mod changes;
#[cfg(feature = "redis")]
pub(crate) mod credentials;
mod fault;
mod groups;
mod lease;
mod look;
mod memory;
#[cfg(feature = "redis")]
mod redis;
mod url;

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;

use changes::Changes;

use crate::event::Entry;
use crate::event::Values;
use crate::index::Shards;
use crate::settings::Durability;
use crate::{Event, EventId};

pub(crate) use fault::{Class, Fault};
pub(crate) use groups::{Claimed, Groups, Member};
pub(crate) use lease::{Lease, LeaseTurn, Leased};
pub(crate) use look::{Expired, Look, Looked, Members};
#[cfg(feature = "testing")]
pub(crate) use memory::keys as memory_keys;
pub(crate) use url::StoreUrl;

pub(crate) type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A place where streams live.
pub(crate) trait Store: Send + Sync + fmt::Debug {
    /// Opens a connection for one purpose. It belongs to the runtime that awaits this.
    fn connect(&self, purpose: Purpose) -> BoxFuture<'_, Result<Box<dyn Connection>, Fault>>;

    /// Opens a connection for commands that answer at once which is also told, from before that is there,
    /// which streams change whose keys begin with this.
    fn track<'a>(&'a self, prefix: &'a str) -> BoxFuture<'a, Result<Tracking, Fault>>;

    /// The store as it may be shown: its URL without credentials.
    fn shown(&self) -> &str;

    /// Of how many pieces the index of jobs is made here.
    fn shards(&self) -> Shards {
        Shards::ONE
    }

    /// What tells it from another, which may be shown as well.
    fn place(&self) -> String {
        self.shown().to_owned()
    }
}

/// A connection for many streams. Where the store does not tell what changes, that has to be asked:
/// [`Connection::news`].
pub(crate) struct Tracking {
    pub(crate) connection: Box<dyn Connection>,
    pub(crate) changes: Option<Changes>,
}

/// What a connection is for, which decides how long it waits for an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Commands that answer at once.
    Prompt,
    /// Reads that may wait this long for an entry.
    Blocking(Duration),
    /// Waits for what was written to become durable.
    Durable,
}

/// An open way to a store. Calls may overlap; [`read`](Self::read) with a wait holds up all others,
/// so it wants a connection of its own.
pub(crate) trait Connection: Send + Sync {
    /// Appends each job's entries. The outer error is of the way there: what was applied is then
    /// not known.
    fn append(&self, batch: Vec<Arc<Append>>) -> BoxFuture<'static, Result<Vec<Appended>, Fault>>;

    /// Appends an entry to a stream that is there; none where it is not, and is not made either. Where another server
    /// has the stream than had it before, it is [`Elsewhere`](Class::Elsewhere), and is to be looked at anew.
    fn extend(
        &self,
        key: &str,
        entry: NewEntry,
    ) -> BoxFuture<'static, Result<Option<EventId>, Fault>>;

    /// At most `count` entries with ids from `from` to `to`, both included.
    fn range(
        &self,
        key: &str,
        from: EventId,
        to: EventId,
        count: usize,
    ) -> BoxFuture<'static, Result<Vec<Entry>, Fault>>;

    /// The newest `count` entries with ids from `from` to `to`, both included, newest first.
    fn tail(
        &self,
        key: &str,
        from: EventId,
        to: EventId,
        count: usize,
    ) -> BoxFuture<'static, Result<Vec<Entry>, Fault>>;

    /// At most `count` entries after `after`; where there are none, waits up to `wait` for the
    /// first, then returns none.
    fn read(
        &self,
        key: &str,
        after: EventId,
        count: usize,
        wait: Duration,
    ) -> BoxFuture<'static, Result<Vec<Entry>, Fault>>;

    /// A page of each of these, asked for at once. What one stream is refused for is its own.
    fn pages(&self, wanted: &[Wanted]) -> BoxFuture<'static, Result<Vec<Page>, Fault>> {
        let page = |wanted: &Wanted| {
            let from = wanted.after.next();
            self.range(&wanted.key, from, EventId::MAX, wanted.count)
        };
        let pages = join_all(wanted.iter().map(page));
        Box::pin(async move { Ok(pages.await) })
    }

    /// Which of the store's servers has this stream, by its number, as far as is known. What is asked of several
    /// at once is answered when the slowest of them has.
    fn server_of(&self, _key: &str) -> usize {
        0
    }

    /// Waits up to `wait` for an entry of any of these, and names those that have some; this holds up all
    /// others.
    fn news(
        &self,
        _wanted: &[Wanted],
        _wait: Duration,
    ) -> BoxFuture<'static, Result<Vec<Arc<str>>, Fault>> {
        let fault = Fault::new(Class::Never, "the store tells by itself what changes");
        Box::pin(std::future::ready(Err(fault)))
    }

    /// What names the data that the store has: it is another one where the store may have lost what
    /// it had acknowledged, such as after a crash or a failover. None where the store does not tell;
    /// [`Never`](Class::Never) where it does not let us ask.
    fn epoch(&self) -> BoxFuture<'static, Result<Option<String>, Fault>>;

    /// How the store chooses the streams that it throws away by itself, before their time, when it
    /// has no room; none where it throws none away, or does not tell.
    fn evicts(&self) -> BoxFuture<'static, Result<Option<String>, Fault>>;

    /// Why the entries of one [`Append`] are not taken in one piece; none where they are.
    fn splits(&self) -> BoxFuture<'static, Result<Option<Fault>, Fault>> {
        Box::pin(std::future::ready(Ok(None)))
    }

    /// Waits until all that was written before is as durable as that, of which these streams are the last
    /// in their order; of each, false where it is not yet. A stream is kept for its time from here. With
    /// none, only an error says something: that the store cannot do so.
    fn confirm(
        &self,
        written: &[(&str, Duration)],
        level: Durability,
    ) -> BoxFuture<'static, Result<Vec<Result<bool, Fault>>, Fault>>;

    /// About the stream; none where there is no such key.
    fn info(&self, key: &str) -> BoxFuture<'static, Result<Option<StreamInfo>, Fault>>;

    /// Has the stream take no entry from now on whose id is not above this one, as far as the store lets
    /// us: [`Denied`](Class::Denied) where it does not. Where nothing can be on its way for long there is
    /// nothing to do.
    fn fence(&self, _key: &str, _upto: EventId) -> BoxFuture<'static, Result<(), Fault>> {
        Box::pin(std::future::ready(Ok(())))
    }

    /// What the store does for groups of readers, on this connection.
    fn groups(&self) -> Box<dyn Groups>;

    /// Takes, renews and gives up leases, by the store's clock. It is done before what is asked after its first
    /// poll.
    fn lease(&self, turn: Arc<LeaseTurn>) -> BoxFuture<'static, Result<Leased, Fault>>;

    /// Leases that have run out by the store's clock, longest ago first: `count` of them after the
    /// first `skip`.
    fn expired(
        &self,
        key: &str,
        skip: usize,
        count: usize,
    ) -> BoxFuture<'static, Result<Vec<Lease>, Fault>>;

    /// The members of leases, run out or not, those until the latest first: `most` of them.
    fn leased(&self, key: &str, most: usize) -> BoxFuture<'static, Result<Vec<Arc<str>>, Fault>>;

    /// One lease; none where there is none, or it has not run out by the store's clock.
    fn expired_one(
        &self,
        key: &str,
        member: &str,
    ) -> BoxFuture<'static, Result<Option<Lease>, Fault>>;

    /// What many ask at once, who wait in vain.
    fn look(&self, look: Look) -> BoxFuture<'static, Result<Looked, Fault>> {
        look::one_by_one(self, &look)
    }
}

/// What is to be read of a stream: at most so many entries after this one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) key: Arc<str>,
    pub(crate) after: EventId,
    pub(crate) count: usize,
}

/// Entries of one stream.
pub(crate) type Page = Result<Vec<Entry>, Fault>;

/// One job's next entries, in one piece: all of them are on the stream afterwards, or none. With no
/// entries it only says when the stream goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Append {
    pub(crate) key: Arc<str>,
    pub(crate) entries: Vec<NewEntry>,
    /// The stream is trimmed to about this many entries, never fewer.
    pub(crate) max_len: u64,
    /// The whole stream goes after this time, from now on.
    pub(crate) expire: Option<Duration>,
}

/// An entry to append.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NewEntry {
    /// None where the store is to choose it.
    pub(crate) id: Option<EventId>,
    pub(crate) values: Values,
}

impl NewEntry {
    /// Bytes of its values.
    pub(crate) fn size(&self) -> usize {
        self.values.size()
    }
}

/// What became of the entries of one [`Append`], in their order.
pub(crate) type Appended = Vec<Result<EventId, Fault>>;

/// About a job's stream.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct StreamInfo {
    /// How many events the stream holds.
    pub length: u64,
    /// The last id that the stream has given out, also where that event is trimmed by now.
    pub last_id: EventId,
    /// The oldest event that it holds.
    pub first_event: Option<Event>,
    /// The newest event that it holds.
    pub last_event: Option<Event>,
}
