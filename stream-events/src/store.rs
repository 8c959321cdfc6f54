//! Where streams live: what delivery and readers ask of a store, and the kinds there are.

mod memory;
#[cfg(feature = "redis")]
mod redis;
mod url;

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use crate::error::Repr;
use crate::event::Entry;
use crate::{Error, Event, EventId};

pub(crate) use url::StoreUrl;

pub(crate) type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A place where streams live.
pub(crate) trait Store: Send + Sync + fmt::Debug {
    /// Opens a connection for one purpose. It belongs to the runtime that awaits this.
    fn connect(&self, purpose: Purpose) -> BoxFuture<'_, Result<Box<dyn Connection>, Fault>>;

    /// The store as it may be shown: its URL without credentials.
    fn shown(&self) -> &str;
}

/// What a connection is for, which decides how long it waits for an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Commands that answer at once.
    Prompt,
    /// Reads that may wait this long for an entry.
    Blocking(Duration),
}

/// An open way to a store. Calls may overlap; [`read`](Self::read) with a wait holds up all others,
/// so it wants a connection of its own.
pub(crate) trait Connection: Send + Sync {
    /// Appends each job's entries. The outer error is of the way there: what was applied is then
    /// not known.
    fn append(&self, batch: Vec<Arc<Append>>) -> BoxFuture<'static, Result<Vec<Appended>, Fault>>;

    /// At most `count` entries with ids from `from` to `to`, both included.
    fn range(
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

    /// About the stream; none where there is no such key.
    fn info(&self, key: &str) -> BoxFuture<'static, Result<Option<StreamInfo>, Fault>>;
}

/// One job's next entries, in one piece: all of them are on the stream afterwards, or none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Append {
    pub(crate) key: Arc<str>,
    pub(crate) entries: Vec<NewEntry>,
    /// The stream is trimmed to about this many entries, never fewer.
    pub(crate) max_len: u64,
    /// The whole stream goes after this time, from now on.
    pub(crate) expire: Option<Duration>,
}

/// An entry to append: `data`, `timestamp`, `event_type`, in this order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NewEntry {
    /// None where the store is to choose it.
    pub(crate) id: Option<EventId>,
    pub(crate) values: [Vec<u8>; 3],
}

impl NewEntry {
    /// Bytes of its values.
    pub(crate) fn size(&self) -> usize {
        self.values.iter().map(Vec::len).sum()
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

/// Why a store did not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) class: Class,
    pub(crate) why: String,
}

/// What is to be done about a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    /// The id is not above the stream's last: the entry is there already, or another writer is.
    Conflict,
    /// The connection is of no use any more. Whether the command was applied is not known.
    Connection,
    /// The store is there and cannot now: ask again after a while.
    #[cfg_attr(
        not(feature = "redis"),
        expect(dead_code, reason = "memory always can")
    )]
    Later,
    /// The store does not let us: rights can be mended, but not by waiting alone.
    #[cfg_attr(
        not(feature = "redis"),
        expect(dead_code, reason = "memory has no rights")
    )]
    Denied,
    /// The store refuses, and will refuse again.
    Never,
}

impl Fault {
    pub(crate) fn new(class: Class, why: impl fmt::Display) -> Self {
        Self {
            class,
            why: why.to_string(),
        }
    }

    /// What the fault is to a caller who asked for `what`.
    pub(crate) fn into_error(self, store: &dyn Store, what: &str) -> Error {
        let store = store.shown().to_owned();
        match self.class {
            Class::Connection => Repr::Unavailable {
                store,
                why: self.why,
            }
            .into(),
            _ => Repr::Rejected {
                what: what.to_owned(),
                store,
                why: self.why,
            }
            .into(),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)
    }
}
