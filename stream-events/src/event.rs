//! One event of a job's stream: how it is made, and what a reader gets.

mod brief;
pub(crate) mod cut;
mod decode;
mod details;
mod entry;
mod facts;
mod fields;
mod id;
mod inner;
mod json;
mod keys;
mod kind;
mod message;
mod nesting;
mod number;
mod object;
mod origin;
pub(crate) mod payload;
mod reserved;
mod scrubbed;
pub(crate) mod spare;
#[cfg(test)]
mod tests;
pub(crate) mod text;
mod timestamp;
pub(crate) mod value;
mod values;

use std::borrow::Cow;
use std::fmt::{self, Write as _};
use std::sync::OnceLock;
use std::time::SystemTime;

use serde::de::DeserializeOwned;

use crate::error::{Repr, told};
use crate::{Error, JobId};

pub(crate) use brief::{Brief, REPLAY_OF, lifecycle};
pub(crate) use decode::find;
pub use details::Details;
pub(crate) use entry::Entry;
#[cfg(feature = "redis")]
pub(crate) use entry::{Spot, Spots};
pub(crate) use facts::Facts;
pub use fields::Fields;
pub use id::EventId;
use inner::Inner;
pub use json::Json;
pub(crate) use kind::cut_name;
pub use kind::{EventType, MAX_NAME};
pub(crate) use message::Message;
pub use number::Number;
pub(crate) use object::Object;
pub(crate) use object::members;
pub(crate) use origin::Origin;
pub use origin::Trace;
pub use reserved::RESERVED_KEYS;
pub(crate) use timestamp::Timestamp;
pub(crate) use values::{Page, Values};

/// The most bytes that an event's `data` has; [`Fields`] says what becomes of more.
pub const MAX_PAYLOAD: usize = 256 * 1024;

/// One event as it was read.
///
/// Any entry of a stream becomes one, whoever wrote it and whatever it holds: what an entry lacks
/// is none here, and its fields stay as they are. They are looked into where something is asked of them,
/// and not before. Events that were read together share their memory, at most a thousand of them: one that
/// is kept keeps that of the others.
#[derive(Clone)]
pub struct Event {
    entry: Entry,
    event_type: OnceLock<EventType>,
    inner: OnceLock<Inner>,
}

/// The fields of an entry, in their order.
pub(crate) const FIELDS: [&str; 3] = ["data", "timestamp", "event_type"];

impl Event {
    /// Where the event stands; a reader resumes after it.
    #[must_use]
    pub fn id(&self) -> EventId {
        self.entry.id
    }

    /// What happened. Where the entry's `event_type` is missing, that of `data` counts.
    #[must_use]
    pub fn event_type(&self) -> &EventType {
        let of_entry = || self.raw("event_type").filter(|name| !name.is_empty());
        self.event_type.get_or_init(|| match of_entry() {
            Some(name) => EventType::from(&*String::from_utf8_lossy(name)),
            None => self.inner().event_type.clone(),
        })
    }

    /// When it happened, by its writer's clock; where the entry has no time that can be read, the
    /// time of its id.
    #[must_use]
    pub fn timestamp(&self) -> SystemTime {
        let written = self
            .raw("timestamp")
            .and_then(|raw| std::str::from_utf8(raw).ok());
        let since = std::time::Duration::from_millis(self.id().ms());
        let of_id = || {
            SystemTime::UNIX_EPOCH
                .checked_add(since)
                .unwrap_or(SystemTime::UNIX_EPOCH)
        };
        written.and_then(timestamp::parse).unwrap_or_else(of_id)
    }

    /// The event's JSON text, as it was written; bytes that are no UTF-8 are replaced.
    #[must_use]
    pub fn data(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(self.raw("data").unwrap_or_default())
    }

    /// A field of the entry as it was written, of `data`, `timestamp`, `event_type` or a foreign
    /// writer's own.
    #[must_use]
    pub fn raw(&self, field: &str) -> Option<&[u8]> {
        self.entry.field(field)
    }

    /// A member of `data`; none where there is none of that name.
    ///
    /// # Errors
    ///
    /// [`InvalidEvent`](crate::ErrorKind::InvalidEvent) where the member is no `T`.
    pub fn field<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, Error> {
        let data = self.data();
        let [member] = decode::members(&data, [key]);
        member
            .map(|value| serde_json::from_str(value.get()))
            .transpose()
            .map_err(|error| {
                Repr::Unreadable {
                    what: format!("the field `{key}` of event {}", self.id()),
                    why: told(error),
                }
                .into()
            })
    }

    /// The run that wrote the event; none for a foreign writer's.
    #[must_use]
    pub fn run(&self) -> Option<&str> {
        self.inner().run.as_deref()
    }

    /// The job that the event names; none for a foreign writer's that names none, or none that could be
    /// one. What a [`Feed`](crate::Feed) gives stands in full on that job's stream.
    #[must_use]
    pub fn job_id(&self) -> Option<JobId> {
        self.field("job_id").ok().flatten()
    }

    /// The event's number within its run, from 0.
    #[must_use]
    pub fn seq(&self) -> Option<u64> {
        self.inner().seq
    }

    /// Whether the job ends with this event: `task_completed`, or `task_failed` that will not be
    /// retried.
    #[must_use]
    pub fn is_terminal(&self) -> bool {
        match self.event_type() {
            EventType::TaskCompleted => true,
            EventType::TaskFailed => !self.inner().will_retry,
            _ => false,
        }
    }

    /// Whether the run ends with this event, be it retried or not.
    pub(crate) fn ends_run(&self) -> bool {
        self.event_type().ends_run()
    }

    /// Whether a run is declared lost after which the job was started again: how the job stands, the
    /// events of that other run say.
    pub(crate) fn is_superseded(&self) -> bool {
        self.is_lost() && self.inner().will_retry
    }

    /// Whether this event alone tells if the job is at work or has ended. What belongs to no run that was
    /// started, such as what is published to a job that has ended, does not, unless its type is one of a
    /// run's own.
    pub(crate) fn says_how_the_job_stands(&self) -> bool {
        let is_runs_own = !matches!(self.event_type(), EventType::Other(_));
        (is_runs_own || self.own_run().is_some()) && !self.is_superseded()
    }

    /// The run that the event is part of; none for a foreign writer's, and for one that is a run of its own,
    /// as is what is published without one.
    pub(crate) fn own_run(&self) -> Option<&str> {
        let is_first = self.seq() == Some(0);
        let is_alone = is_first && *self.event_type() != EventType::TaskStarted;
        self.run().filter(|_| !is_alone)
    }

    /// Whether others declare here that the run is lost: `task_failed` with `error_kind` `lost`,
    /// written since the run's process had not renewed its lease for too long, and so without
    /// [`seq`](Self::seq).
    ///
    /// Any later event of the same run takes it back, `task_resumed` above all: the process was
    /// frozen or cut off, not dead. Where the job has been started again since the run's last event,
    /// `will_retry` is true, and the job has not ended with this.
    #[must_use]
    pub fn is_lost(&self) -> bool {
        *self.event_type() == EventType::TaskFailed && self.inner().is_lost
    }

    fn inner(&self) -> &Inner {
        self.inner.get_or_init(|| Inner::of(&self.data()))
    }
}

impl From<Entry> for Event {
    fn from(entry: Entry) -> Self {
        Self {
            entry,
            event_type: OnceLock::new(),
            inner: OnceLock::new(),
        }
    }
}

/// Where it stands and what it holds are all that there is to an event.
impl PartialEq for Event {
    fn eq(&self, other: &Self) -> bool {
        self.entry == other.entry
    }
}

impl Eq for Event {}

/// `<id> <event type> <data>`, on one line: a foreign writer's text may hold what would move a
/// terminal's cursor.
impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.id())?;
        let (kind, data) = (self.event_type().as_str(), self.data());
        kind.chars()
            .chain([' '])
            .chain(data.chars())
            .try_for_each(|c| match c {
                c if c.is_control() => write!(f, "{}", c.escape_default()),
                c => f.write_char(c),
            })
    }
}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Event({self})")
    }
}
