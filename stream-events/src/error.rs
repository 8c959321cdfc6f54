//! What can go wrong, said once: an opaque [`Error`] with an [`ErrorKind`] to match on.

use std::convert::Infallible;
use std::fmt;

use crate::query::mistake::Mistake;
use crate::scrub::Scrub;

/// Why a call failed. Its text names the value at fault, without credentials, and what is accepted.
#[derive(Clone)]
pub struct Error(Box<Repr>);

/// The kind of an [`Error`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The store's URL cannot be used.
    InvalidUrl,
    /// The prefix of the keys breaks the rules of [`JobId`](crate::JobId), which hold for it too.
    InvalidPrefix,
    /// The job id breaks the rules of [`JobId`](crate::JobId).
    InvalidJobId,
    /// The text is no [`EventId`](crate::EventId).
    InvalidEventId,
    /// The text is no [`Status`](crate::Status).
    InvalidStatus,
    /// The text is no [`Query`](crate::Query); see [`Error::position`].
    InvalidQuery,
    /// The text is no [`next`](crate::JobPage::next) of a page of jobs, or no [`FeedPlace`](crate::FeedPlace).
    InvalidCursor,
    /// The name of a [`FeedGroup`](crate::FeedGroup), or of a member of one, is empty, longer than 256 bytes,
    /// or has control characters.
    InvalidGroup,
    /// The event's fields do not serialise, or not to an object.
    InvalidEvent,
    /// The event's fields are larger than [`MAX_PAYLOAD`](crate::MAX_PAYLOAD).
    TooLarge,
    /// The queue is full: the store is away or slower than the events come. Nothing was sent.
    QueueFull,
    /// No answer in time. See [`Error::may_still_arrive`].
    Timeout,
    /// The store cannot be reached, or cannot answer now, as where it loads its data.
    Unavailable,
    /// The store answered, and refused.
    Rejected,
    /// The run has ended, or the publisher was shut down. Nothing was sent; see
    /// [`Error::may_still_arrive`].
    Closed,
    /// The process could not give what is needed, such as a thread or a subscriber's place.
    Environment,
}

impl Error {
    /// What kind of failure this is.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match &*self.0 {
            Repr::Url { .. } => ErrorKind::InvalidUrl,
            Repr::Prefix { .. } => ErrorKind::InvalidPrefix,
            Repr::JobId { .. } => ErrorKind::InvalidJobId,
            Repr::EventId { .. } => ErrorKind::InvalidEventId,
            Repr::Status { .. } => ErrorKind::InvalidStatus,
            Repr::Query(_) => ErrorKind::InvalidQuery,
            Repr::Cursor { .. } | Repr::FeedPlace { .. } => ErrorKind::InvalidCursor,
            Repr::Group { .. } => ErrorKind::InvalidGroup,
            Repr::Unserializable { .. }
            | Repr::Unreadable { .. }
            | Repr::NotAnObject { .. }
            | Repr::FieldType { .. }
            | Repr::Name { .. } => ErrorKind::InvalidEvent,
            Repr::TooLarge { .. } => ErrorKind::TooLarge,
            Repr::QueueFull { .. } => ErrorKind::QueueFull,
            Repr::Timeout { .. } | Repr::Expired { .. } | Repr::Unanswered { .. } => {
                ErrorKind::Timeout
            }
            Repr::Unavailable { .. } | Repr::NotNow { .. } => ErrorKind::Unavailable,
            Repr::Rejected { .. } => ErrorKind::Rejected,
            Repr::Ended { .. } | Repr::Closed | Repr::Spooled { .. } | Repr::Forked => {
                ErrorKind::Closed
            }
            Repr::Environment { .. } => ErrorKind::Environment,
        }
    }

    /// Whether the event that this error is about may still appear on its stream, or stand there: it
    /// was accepted, and waits or is on its way.
    #[must_use]
    pub fn may_still_arrive(&self) -> bool {
        matches!(
            &*self.0,
            Repr::Timeout { .. } | Repr::Unanswered { .. } | Repr::Spooled { .. }
        )
    }

    /// Where a [`Query`](crate::Query) is wrong, in bytes from its beginning; none of other errors.
    ///
    /// `{error}` is one line, which has this place in characters; `{error:#}` also shows the query, with
    /// a caret below its mistake.
    #[must_use]
    pub fn position(&self) -> Option<usize> {
        match &*self.0 {
            Repr::Query(mistake) => Some(mistake.at),
            _ => None,
        }
    }

    /// Made public, hidden, for the sibling crate that installs a subscriber.
    #[doc(hidden)]
    pub fn environment(what: &'static str, why: impl fmt::Display) -> Self {
        Repr::Environment {
            what,
            why: told(why),
        }
        .into()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// What a `main` that returns it prints: kind and text.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.kind(), self.0)
    }
}

impl std::error::Error for Error {}

impl From<Repr> for Error {
    fn from(repr: Repr) -> Self {
        Self(Box::new(repr))
    }
}

/// So that a [`JobId`](crate::JobId) itself serves wherever a text that becomes one does.
impl From<Infallible> for Error {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum Repr {
    #[error(
        "the store URL `{shown}` {why}; accepted are redis://[user:password@]host[:port][/db], rediss:// \
         (feature `tls`), redis+cluster://[user:password@]host[:port],… (feature `cluster`), \
         redis+sentinel://[user:password@]host[:port],…/name[/db] (feature `sentinel`), \
         unix:///path/to/socket and memory:"
    )]
    Url { shown: String, why: String },
    #[error(
        "the job id {shown:?} {why}; a job id has 1 to 256 bytes, no control characters, no `{{` and no `}}`"
    )]
    JobId { shown: String, why: String },
    #[error(
        "the prefix {shown:?} {why}; a prefix has 1 to 256 bytes, no control characters, no `{{` and no `}}`"
    )]
    Prefix { shown: String, why: String },
    #[error("{shown:?} is no event id; an event id is `<ms>-<n>`, such as 1764000000000-0")]
    EventId { shown: String },
    #[error(
        "{shown:?} is no status; accepted are unknown, running, retrying, completed and failed"
    )]
    Status { shown: String },
    #[error(fmt = Mistake::fmt)]
    Query(Mistake),
    #[error("{shown:?} is no place in a list of jobs; go on with the `next` of a page, as it is")]
    Cursor { shown: String },
    #[error(
        "{shown:?} is no place in a feed, which is an event id, `<ms>-<n>`, or 16 of them joined by commas"
    )]
    FeedPlace { shown: String },
    #[error(
        "the name {shown:?} of {what} {why}; such a name has 1 to 256 bytes, and no control characters"
    )]
    Group {
        what: &'static str,
        shown: String,
        why: String,
    },
    #[error("{what} does not serialise to JSON: {why}")]
    Unserializable { what: String, why: String },
    #[error("{what} cannot be read as what is asked for: {why}")]
    Unreadable { what: String, why: String },
    #[error(
        "{what} serialises to {found}; an event's fields are an object (a struct, a map, `json!({{..}})`), or \
         `()` for none"
    )]
    NotAnObject {
        what: &'static str,
        found: &'static str,
    },
    #[error("the field `{field}` of {what} is {found}; it has to be a string")]
    FieldType {
        what: &'static str,
        field: &'static str,
        found: String,
    },
    #[error("the {what} {shown:?} has {bytes} bytes; it may have {limit}")]
    Name {
        what: &'static str,
        shown: String,
        bytes: usize,
        limit: usize,
    },
    #[error("{what} has more than {limit} bytes of JSON; send a reference to it in its place")]
    TooLarge { what: String, limit: usize },
    #[error(
        "the queue is full ({limit} bytes): {what} of job `{job}` was not taken; see `queue_bytes` of the builder"
    )]
    QueueFull {
        what: String,
        job: String,
        limit: usize,
    },
    #[error(
        "{store} has not acknowledged {what} within {waited:?}{}; it is queued and may still arrive",
        .why.as_ref().map(|why| format!(" ({why})")).unwrap_or_default()
    )]
    Timeout {
        what: String,
        store: String,
        waited: std::time::Duration,
        why: Option<String>,
    },
    #[error(
        "{store} has not taken {what} within the `delivery_timeout`; it was dropped and will not arrive"
    )]
    Expired { what: String, store: String },
    #[error(
        "the publisher was shut down before {store} acknowledged {what}; it was sent and may have arrived"
    )]
    Unanswered { what: String, store: String },
    #[error("{store} cannot be reached: {why}")]
    Unavailable { store: String, why: String },
    #[error("{store} cannot answer {what} now: {why}")]
    NotNow {
        what: String,
        store: String,
        why: String,
    },
    #[error("{store} refused {what}: {why}")]
    Rejected {
        what: String,
        store: String,
        why: String,
    },
    #[error("{what} of job `{job}` comes after its run's end and was not sent")]
    Ended { what: String, job: String },
    #[error("the publisher is shut down; the event was not sent")]
    Closed,
    #[error(
        "the publisher is shut down; {what} is in the spool, and is delivered by the next process that uses it"
    )]
    Spooled { what: String },
    #[error(
        "this process was forked from the one that connected the publisher: connect another one after the \
         fork; the event was not sent"
    )]
    Forked,
    #[error("{what}: {why}")]
    Environment { what: &'static str, why: String },
}

/// Why something failed, in the words of code that is not ours, which may show a value.
pub(crate) fn told(why: impl fmt::Display) -> String {
    Scrub::default().text(&why.to_string()).into_owned()
}

/// At most the first 64 characters of a value that an error shows.
pub(crate) fn shown(value: &str) -> String {
    // Before it is cut: half a secret is not known for one.
    let value = Scrub::default().text(value);
    let mut chars = value.chars();
    let head: String = chars.by_ref().take(64).collect();
    if chars.next().is_some() {
        format!("{head}…")
    } else {
        head
    }
}
