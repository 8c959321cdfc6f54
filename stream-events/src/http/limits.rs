//! How much a caller may have.

use std::time::Duration;

/// Connections and requests at a time of one caller.
pub const DEFAULT_CONNECTIONS: usize = 32;
/// Connections and requests at a time of all callers.
pub const DEFAULT_ALL_CONNECTIONS: usize = 20_000;
/// Jobs that one stream follows.
pub const DEFAULT_JOBS: usize = 64;
/// Events or jobs on one page.
pub const DEFAULT_PAGE: usize = 1000;
/// Bytes of the body of a request.
pub const DEFAULT_BODY: usize = crate::MAX_PAYLOAD;
/// Bytes of a query in the query language.
pub const DEFAULT_QUERY: usize = 1024;
/// How long a stream lasts before its client has to take it up again.
pub const DEFAULT_LIFETIME: Duration = Duration::from_secs(15 * 60);
/// How often an [`Authorize`](super::Authorize) is asked again of a stream.
pub const DEFAULT_ASK_AGAIN: Duration = Duration::from_secs(60);
/// How long a stream is silent before a comment or a ping shows that it is there.
pub const DEFAULT_KEEP_ALIVE: Duration = Duration::from_secs(15);
/// How long a client may take for what it is sent next, and to send what it sends.
pub const DEFAULT_PATIENCE: Duration = Duration::from_secs(30);
/// How long jobs are looked for, for a page of them.
pub const DEFAULT_SEARCH: Duration = Duration::from_secs(10);
/// How long an [`Authorize`](super::Authorize) may take to answer, for all jobs that it is asked about at a
/// time.
pub const AUTHORIZE_TIMEOUT: Duration = Duration::from_secs(10);

/// The limits of an [`Api`](super::Api). What goes beyond one is refused by name; a stream that does ends,
/// and its client takes it up again where it was.
#[derive(Debug, Clone)]
pub struct Limits {
    pub(super) connections: usize,
    pub(super) all_connections: usize,
    pub(super) jobs: usize,
    pub(super) page: usize,
    pub(super) body: usize,
    pub(super) query: usize,
    pub(super) lifetime: Duration,
    pub(super) ask_again: Duration,
    pub(super) keep_alive: Duration,
    pub(super) patience: Duration,
    pub(super) search: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: DEFAULT_CONNECTIONS,
            all_connections: DEFAULT_ALL_CONNECTIONS,
            jobs: DEFAULT_JOBS,
            page: DEFAULT_PAGE,
            body: DEFAULT_BODY,
            query: DEFAULT_QUERY,
            lifetime: DEFAULT_LIFETIME,
            ask_again: DEFAULT_ASK_AGAIN,
            keep_alive: DEFAULT_KEEP_ALIVE,
            patience: DEFAULT_PATIENCE,
            search: DEFAULT_SEARCH,
        }
    }
}

macro_rules! setters {
    ($($(#[$said:meta])* $name:ident: $type:ty;)*) => {$(
        $(#[$said])*
        #[must_use]
        pub fn $name(mut self, $name: $type) -> Self {
            self.$name = $name;
            self
        }
    )*};
}

impl Limits {
    setters! {
        /// Connections and requests at a time of one caller, by the name in its
        /// [`Grant`](super::Grant); by default [`DEFAULT_CONNECTIONS`]. The next is answered 429.
        connections: usize;
        /// The same of all callers together; by default [`DEFAULT_ALL_CONNECTIONS`]. The next is answered
        /// 503.
        all_connections: usize;
        /// Jobs that one stream follows; by default [`DEFAULT_JOBS`].
        jobs: usize;
        /// Events or jobs on one page; by default [`DEFAULT_PAGE`].
        page: usize;
        /// Bytes of the body of a request; by default [`DEFAULT_BODY`]. More is answered 413.
        body: usize;
        /// Bytes of a query in the query language; by default [`DEFAULT_QUERY`].
        query: usize;
        /// How long a stream lasts at most; by default [`DEFAULT_LIFETIME`]. Up to a tenth of it is taken
        /// off by chance, so that what began together does not end together.
        lifetime: Duration;
        /// How often the [`Authorize`](super::Authorize) is asked again of a stream; by default
        /// [`DEFAULT_ASK_AGAIN`].
        ask_again: Duration;
        /// How long a stream is silent before a comment (SSE) or a ping (WebSocket) shows that it is there;
        /// by default [`DEFAULT_KEEP_ALIVE`]. Proxies end connections that are silent for about a minute.
        keep_alive: Duration;
        /// How long a client may take for what it is sent next (64 KiB or one event) and to send a body;
        /// by default [`DEFAULT_PATIENCE`]. One that is slower is cut off.
        patience: Duration;
        /// How long jobs are looked for, for a page of them; by default [`DEFAULT_SEARCH`]. What takes longer
        /// is answered 503. It matters where [`Grant::jobs`](super::Grant::jobs) hides most of very many.
        search: Duration;
    }
}
