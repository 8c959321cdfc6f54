//! What went wrong, each in its own words.

use crate::query::mistake::Mistake;

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
