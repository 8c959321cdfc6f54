//! What kind of failure it is, to match on.

use super::Repr;

/// The kind of an [`Error`](crate::Error).
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
    /// The text is no [`Query`](crate::Query); see [`Error::position`](crate::Error::position).
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
    /// No answer in time. See [`Error::may_still_arrive`](crate::Error::may_still_arrive).
    Timeout,
    /// The store cannot be reached, or cannot answer now, as where it loads its data.
    Unavailable,
    /// The store answered, and refused.
    Rejected,
    /// The run has ended, or the publisher was shut down. Nothing was sent; see
    /// [`Error::may_still_arrive`](crate::Error::may_still_arrive).
    Closed,
    /// The process could not give what is needed, such as a thread or a subscriber's place.
    Environment,
}

impl ErrorKind {
    pub(super) const fn of(repr: &Repr) -> Self {
        match repr {
            Repr::Url { .. } => Self::InvalidUrl,
            Repr::Prefix { .. } => Self::InvalidPrefix,
            Repr::JobId { .. } => Self::InvalidJobId,
            Repr::EventId { .. } => Self::InvalidEventId,
            Repr::Status { .. } => Self::InvalidStatus,
            Repr::Query(_) => Self::InvalidQuery,
            Repr::Cursor { .. } | Repr::FeedPlace { .. } => Self::InvalidCursor,
            Repr::Group { .. } => Self::InvalidGroup,
            Repr::Unserializable { .. }
            | Repr::Unreadable { .. }
            | Repr::NotAnObject { .. }
            | Repr::FieldType { .. }
            | Repr::Name { .. } => Self::InvalidEvent,
            Repr::TooLarge { .. } => Self::TooLarge,
            Repr::QueueFull { .. } => Self::QueueFull,
            Repr::Timeout { .. } | Repr::Expired { .. } | Repr::Unanswered { .. } => Self::Timeout,
            Repr::Unavailable { .. } | Repr::NotNow { .. } => Self::Unavailable,
            Repr::Rejected { .. } => Self::Rejected,
            Repr::Ended { .. } | Repr::Closed | Repr::Spooled { .. } | Repr::Forked => Self::Closed,
            Repr::Environment { .. } => Self::Environment,
        }
    }
}
