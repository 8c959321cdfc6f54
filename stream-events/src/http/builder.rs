//! What an [`Api`] is made of.

use std::fmt;
use std::sync::Arc;

use axum::Router;
use tokio::sync::watch;

use super::authorize::Ask;
use super::gate::Gate;
use super::places::Places;
use super::shared::Shared;
use super::source::Source;
use super::{Api, Limits};
use crate::{Publisher, Reader};

/// Settings of an [`Api`].
#[must_use = "it does nothing until `build` or `router`"]
pub struct ApiBuilder {
    source: Source,
    authorize: Box<dyn Ask>,
    publisher: Option<Publisher>,
    limits: Limits,
    origins: Vec<String>,
    parameters: Vec<String>,
}

impl ApiBuilder {
    pub(super) fn new(reader: Reader, authorize: Box<dyn Ask>) -> Self {
        Self {
            source: Source::new(reader),
            authorize,
            publisher: None,
            limits: Limits::default(),
            origins: Vec::new(),
            parameters: Vec::new(),
        }
    }

    /// What callers may publish to jobs, by `POST`, goes through this publisher, whose prefix is that of the
    /// reader. Without one there is no such route; nor is there with one of another prefix, of which the log has
    /// an error: what a caller may add to would be jobs that it may not see.
    pub fn publisher(mut self, publisher: Publisher) -> Self {
        self.publisher = Some(publisher);
        self
    }

    /// By default [`Limits::default`].
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Pages of these origins, such as `https://app.example`, may open a WebSocket and publish, beside those of
    /// the host that the request goes to. Without any of them, and where something in front changes the `Host`
    /// of requests, none may. What is no browser sends no `Origin`, and is not asked for one.
    pub fn origins(mut self, origins: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.origins = origins.into_iter().map(Into::into).collect();
        self
    }

    /// Parameters of addresses that something else reads, such as an [`Authorize`](super::Authorize) that goes by
    /// a `ticket`. Without any, those that a route does not know are refused.
    pub fn parameters(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.parameters = names.into_iter().map(Into::into).collect();
        self
    }

    /// The whole.
    #[must_use]
    pub fn build(self) -> Api {
        let (closing, _) = watch::channel(false);
        let writes_there = |publisher: &Publisher| is_of(publisher, self.source.prefix());
        let publisher = self.publisher.filter(writes_there);
        Api(Arc::new(Shared {
            source: self.source,
            publisher,
            authorize: self.authorize,
            gate: Gate::new(&self.limits),
            limits: self.limits,
            origins: self.origins,
            parameters: self.parameters,
            places: Places::default(),
            closing,
        }))
    }

    /// The routes of the whole, where it need not be [closed](Api::close).
    pub fn router(self) -> Router {
        self.build().router()
    }
}

/// Whether it writes to streams of this prefix.
fn is_of(publisher: &Publisher, prefix: &str) -> bool {
    let own = &*publisher.core.settings.prefix;
    if own != prefix {
        tracing::error!(
            target: "stream_events",
            "events cannot be added over HTTP: the publisher's prefix is {own:?}, and the reader's {prefix:?}; both have to be the same"
        );
    }
    own == prefix
}

impl fmt::Debug for ApiBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiBuilder")
            .field("source", &self.source)
            .field("publisher", &self.publisher)
            .field("limits", &self.limits)
            .field("origins", &self.origins)
            .field("parameters", &self.parameters)
            .finish_non_exhaustive()
    }
}
