//! Makes long-running jobs visible: each job's life stands on one Redis Stream,
//! `job_events:{job_id}`, live and afterwards.
//!
//! The README has a whole program; this is the way of an event through the crate, each step in the
//! module of its name:
//!
//! 1. **Made**, by an annotated function or a [`Job`]: an [`Event`]'s type and [`Fields`].
//! 2. **Taken** by the [`Publisher`], without waiting.
//! 3. **Queued**, bounded in bytes; under pressure progress coalesces.
//! 4. **Batched** with ids that let the store take each event once, **driven** by the publisher's
//!    own thread.
//! 5. **Written** to the store that a URL names: Redis, or the process's memory.
//! 6. **Read** by a [`Reader`]: [`history`](Reader::history), [`watch`](Reader::watch) to follow a
//!    job live, [`state`](Reader::state), what that comes to; of all jobs [`feed`](Reader::feed) and
//!    [`jobs`](Reader::jobs), and [`replay`](Reader::replay) of what is over.
//! 7. **Pushed** to browsers and others over HTTP (`http`, feature `axum`).
//!
//! A run whose process is gone is ended by a [`Reaper`] or a watch; what a process could not deliver
//! before it was gone waits on disk where `Builder::spool` names a folder.
//!
//! What becomes of events is counted in [`Stats`]; a failure is an [`Error`] with an [`ErrorKind`].
//!
//! Features: `macros` and `redis`, both default; `axum` for `http`, jobs pushed to browsers; `tls` for
//! `rediss://`; `cluster` for `redis+cluster://`; `spool` for `Builder::spool`; `testing`, for the tests of annotated functions.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod backoff;
mod crc16;
mod delivery;
mod digits;
mod elapsed;
mod epilogue;
mod error;
mod event;
#[cfg(feature = "axum")]
#[cfg_attr(docsrs, doc(cfg(feature = "axum")))]
pub mod http;
mod hub;
mod index;
mod job;
mod lease;
mod lost;
#[cfg(feature = "macros")]
mod macros;
mod observe;
mod past;
mod process;
mod publisher;
mod query;
mod queue;
mod random;
mod reader;
mod reaper;
mod redacted;
mod replay;
mod said;
mod scrub;
mod settings;
#[cfg_attr(not(feature = "spool"), allow(dead_code, reason = "nobody opens one"))]
mod spool;
mod standing;
mod state;
mod stats;
mod store;
mod sync;
mod tail;
#[cfg(feature = "testing")]
#[cfg_attr(docsrs, doc(cfg(feature = "testing")))]
pub mod testing;
mod timer;
mod watch;
mod worker;

pub use elapsed::Elapsed;
pub use error::{Error, ErrorKind};
pub use event::{
    Details, Event, EventId, EventType, Fields, Json, MAX_NAME, MAX_PAYLOAD, Number, RESERVED_KEYS,
};
pub use hub::{Hub, WatchMany};
pub use job::{Job, JobBuilder, JobId, Progress};
pub use lost::Lost;
#[cfg(feature = "macros")]
pub use macros::job_events;
pub use publisher::{Builder, DEFAULT_FLUSH_TIMEOUT, Installed, Publisher};
pub use query::{MAX_QUERY, Query};
pub use reader::{
    Assigned, DEFAULT_CLAIM_AFTER, DEFAULT_PAGE, Events, Feed, FeedGap, FeedGroup, FeedItem,
    FeedPlace, History, JobPage, Jobs, MAX_PAGE, Reader,
};
pub use reaper::Reaper;
pub use redacted::Redacted;
pub use replay::{Copied, DEFAULT_SPEED, Replay};
pub use scrub::Scrub;
pub use settings::{
    DEFAULT_FEED_LEN, DEFAULT_GRACE, DEFAULT_LEASE, DEFAULT_MAX_LEN, DEFAULT_PREFIX,
    DEFAULT_PUBLISH_TIMEOUT, DEFAULT_QUEUE_BYTES, DEFAULT_REPLAY_BYTES,
    DEFAULT_RETENTION_AFTER_END, DEFAULT_RETENTION_WHILE_RUNNING, Durability,
};
pub use state::{JobState, Phase, Status};
pub use stats::{Dropped, Report, Stats};
pub use store::StreamInfo;
#[cfg(feature = "redis")]
#[cfg_attr(docsrs, doc(cfg(feature = "redis")))]
pub use store::credentials::Credentials;
pub use watch::{Gap, Item, Missing, States, Watch};

/// What the macros and the Layer call. Not for others: it changes without notice.
#[doc(hidden)]
pub mod __private {
    pub use crate::event::Trace;
    pub use crate::event::value::display;
    pub use crate::job::{Adopted, Ending, JOB_TARGET, Owner, Spans, WeakJob, Whose};
    pub use crate::job::{NO_TEXT, add_fields, nothing_yet, said, say, say_numbers, say_step};
    pub use crate::job::{adopt, hear, scope_here};
    pub use crate::job::{next_phase, of_phase, progress_of, scrub, scrub_fields};
    pub use crate::observe::*;
    pub use crate::standing::{
        Count, Percent, Recorded, Shown, Written, count, debugged, displayed, percent, recorded,
    };
    #[cfg(feature = "testing")]
    pub use crate::testing::expected::{Expected, check};
    pub use crate::timer::after;
    pub use core::format_args;
    pub use core::time::Duration;
    #[cfg(feature = "macros")]
    pub use stream_events_macros as macros;
    pub use tracing;

    /// The publisher that annotated functions use, for the Layer.
    pub fn publisher() -> Option<crate::Publisher> {
        crate::publisher::current_publisher()
    }

    /// Has the log say that a span of others is no run, for the Layer, which must not wait for a log;
    /// once a minute.
    pub fn unadopted(span: &str, error: &crate::Error) {
        let core = publisher().map(|publisher| publisher.core);
        if let Some(core) = core
            && core.complaints.unadopted.is_news(std::time::Instant::now())
        {
            let (span, why) = (span.to_owned(), error.to_string());
            core.say(crate::worker::Notice::Unadopted { span, why });
        }
    }

    /// Whether there is a publisher that the Layer can tell what is hidden, be it installed or not.
    pub fn is_told() -> bool {
        crate::publisher::told().is_some()
    }

    /// Has the log say that progress is hidden, for the Layer, unless it has said so.
    pub fn hidden_progress() {
        if let Some(core) = crate::publisher::told().filter(|_| crate::job::is_news()) {
            core.say(crate::worker::Notice::Hidden);
        }
    }

    /// The same of spans that it was asked to show, with what to add to the filter.
    pub fn hidden_spans(directives: String) {
        if let Some(core) = crate::publisher::told() {
            core.say(crate::worker::Notice::HiddenSpans { directives });
        }
    }

    /// The target of the events and spans of `progress!` and `progress_span!`, which the Layer
    /// listens to.
    pub const PROGRESS_TARGET: &str = "stream_events::progress";
}
