//! Pushed: jobs over HTTP, to browsers and whoever else may see them (feature `axum`).
//!
//! An [`Api`] makes an [`axum::Router`] to mount anywhere:
//!
//! | route | what it answers |
//! |---|---|
//! | `GET /jobs?q=&after=&limit=` | a page of running and recent jobs, `{"jobs":[…],"next":…}`, newest start first, see [`Reader::jobs`](crate::Reader::jobs) |
//! | `GET /jobs/{job_id}` | where it stands, a [`JobState`](crate::JobState) |
//! | `GET /jobs/{job_id}/events?q=&after=&limit=` | a page of its history, `{"events":[…],"next":…}`: the next page is `after` that `next`, and there is none where it is `null`; of a job that is not there it has no events |
//! | `GET /jobs/{job_id}/stream?q=&after=` | its events so far and as they come: server-sent events, or a WebSocket where the request asks for one |
//! | `GET /jobs/{job_id}/replay?speed=&q=&after=` | its events again, with the pauses that were between them, so many times as fast, see [`Reader::replay`](crate::Reader::replay); by the same two ways. Of a job that is not there it is 404 |
//! | `GET /stream?job_id=a&job_id=b&q=&after=` | the same of several jobs |
//! | `POST /jobs/{job_id}/events` | adds a domain event, where the [`Api`] has a publisher: `{"event_type":"…",…}` is answered 201, `{"id":"…"}` |
//! | `GET /stream-events.js` | the module by which a page follows jobs |
//! | `GET /openapi.json` | these routes as an [OpenAPI](https://spec.openapis.org/oas/v3.1.0) document |
//!
//! A parameter that a route does not know is refused, but for those of which the [`Api`] is
//! [told](ApiBuilder::parameters), such as a ticket. So is one that is given twice, and a job that is.
//!
//! **Who sees what** an [`Authorize`] decides, before anything is read and as long as a stream lasts. What one
//! may not see, and what is not there, are answered alike. Errors are problem documents
//! ([RFC 9457](https://www.rfc-editor.org/rfc/rfc9457)).
//!
//! **An event** is `{"id":"<ms>-<n>","job_id":"…","event_type":"…","timestamp":"…","data":…}`, everywhere.
//! `data` is what its writer wrote where that is JSON, at most 100 levels deep, and a string otherwise.
//!
//! **A stream** goes through the history and then on with what comes, without a hole between, until its jobs
//! have ended. A job that does not exist yet is waited for. Of each event, `id` is a cursor, after which a client takes the stream up again by
//! `Last-Event-ID` or else `after`: the event's id, or of several jobs their last ids in the order of
//! `job_id`, joined by commas, `0-0` where there is none yet. The name of an event is its type where that has
//! 1 to 64 of the characters `A-Z a-z 0-9 _ . -` and is not `gap`, `end`, `error`, `bye`, `open` or `message`;
//! otherwise it is `event`. Other frames have no `id`:
//!
//! | frame | data | |
//! |---|---|---|
//! | `gap` | `{"job_id","run","first","count","why"}` | events of a run that are missing before the next one; `run` is empty and `count` 0 where nobody can tell, see [`Gap`](crate::Gap) |
//! | `end` | `{"job_id"}` | the job has ended, and this was its last event. After the last job's, the stream ends; who takes it up again is answered 204, which ends an `EventSource` for good. One whose events are gone ends with a `gap` that is `expired` |
//! | `error` | a problem document | the stream ends: it may not be seen any more, or the store refuses. An `EventSource` comes back after 10 s |
//! | `bye` | `{"why":"lifetime"}` or `"shutdown"` | the stream ends here, and goes on where the client takes it up again |
//!
//! Behind an `end` stands a line `id:` alone, which is no event to a page and what its `EventSource` sends when it
//! comes back: so it is answered 204 also where nothing came that was asked for. A cursor in which `.gone` stands
//! behind an id is that of a client that was told that the job's stream is gone.
//!
//! **A replay** is a stream of this kind that ends behind the job's newest event. `speed` is a number above 0: with
//! 10, a pause of a minute is one of 6 s; with `Infinity` there is none; by default it is 1. Its first event comes
//! at once, also where it is taken up again, and so does the first that a query asks for: a pause that is longer
//! than the stream's lifetime is one of that time.
//!
//! Over WebSocket a frame is a text message, `{"type":"event","cursor":…,…}` with the members of the event, or
//! `{"type":"gap",…}` and so on. What a client says there is not listened to.
//!
//! **What is lost**: nothing that a [`Watch`](crate::Watch) gives. A client that is slow, or too long there, is
//! cut off, and reads on from its cursor; [`Limits`] has the bounds. Until then it costs what is on its way to
//! it, 64 KiB or one event, and the page that its watch has read.
//!
//! **To be seen to outside**: TLS; who may not even connect; a bound for how long a server waits for a
//! request. Tokens do not belong into addresses, which stand in logs: an `EventSource`, which can send no
//! header, goes by a cookie, or by a ticket that can be used once: with that it cannot connect again where it
//! was cut off, as the module can, which asks for another each time. Answers are never cached (`no-store`).
//!
//! **For pages of other origins** nothing is allowed by itself. A layer around the router has to say what is, such as
//! [tower-http's `CorsLayer`](https://docs.rs/tower-http/latest/tower_http/cors/struct.CorsLayer.html), which also
//! answers their `OPTIONS`: those origins; the methods GET and POST; the headers `authorization`, `content-type` and
//! `last-event-id`; `retry-after` to be read by them; and credentials where cookies say who asks. For WebSockets and
//! `POST`, [`ApiBuilder::origins`] has to name them as well: a browser asks nobody before it opens a WebSocket.

mod authorize;
mod body;
mod builder;
mod cursor;
mod frame;
mod gate;
mod keys;
mod limits;
mod object;
mod origin;
mod parameters;
mod places;
mod problem;
mod routes;
mod session;
mod shared;
mod shown;
mod sink;
mod socket;
mod source;
mod sse;

use std::sync::Arc;

use axum::Router;

pub use authorize::{Access, Asked, Authorize, Denied, Grant};
pub use builder::ApiBuilder;
use cursor::Cursor;
pub use keys::Keys;
pub use limits::{
    AUTHORIZE_TIMEOUT, DEFAULT_ALL_CONNECTIONS, DEFAULT_ASK_AGAIN, DEFAULT_BODY,
    DEFAULT_CONNECTIONS, DEFAULT_JOBS, DEFAULT_KEEP_ALIVE, DEFAULT_LIFETIME, DEFAULT_PAGE,
    DEFAULT_PATIENCE, DEFAULT_QUERY, DEFAULT_SEARCH, Limits,
};
use problem::Problem;
use shared::Shared;
pub use shown::{bearer, cookie, is_same, parameter};

use crate::Reader;

/// Jobs over HTTP. A clone is another handle to the same.
#[derive(Debug, Clone)]
pub struct Api(Arc<Shared>);

impl Api {
    /// Of what this reader reads, for those whom `authorize` lets in.
    pub fn builder(reader: Reader, authorize: impl Authorize) -> ApiBuilder {
        ApiBuilder::new(reader, Box::new(authorize))
    }

    /// The routes, to be served, merged or nested.
    #[must_use = "it does nothing until it is served"]
    pub fn router(&self) -> Router {
        routes::router(&self.0)
    }

    /// Ends all streams with `bye`, and waits until their clients have it, or are cut off; who asks for a job,
    /// or is to add an event, from now on is answered 503. A server that is told to stop waits for its connections, and so for streams,
    /// without end; and it does not wait for WebSockets at all. So both wait here:
    ///
    /// ```no_run
    /// # async fn serve(api: stream_events::http::Api) -> std::io::Result<()> {
    /// # async fn told_to_stop() {}
    /// let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    /// let stop = api.clone();
    /// axum::serve(listener, api.router())
    ///     .with_graceful_shutdown(async move {
    ///         told_to_stop().await;
    ///         stop.close().await;
    ///     })
    ///     .await
    /// # }
    /// ```
    pub async fn close(&self) {
        self.0.closing.send_replace(true);
        self.0.closing.closed().await;
    }
}
