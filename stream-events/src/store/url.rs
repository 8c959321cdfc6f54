//! The URL that names a store.

mod parameters;
mod scheme;
mod shown;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

#[cfg(feature = "redis")]
use super::credentials::Provider;
use super::{Store, memory};
use crate::Error;
use crate::error::{self, Repr};
use scheme::{OF_REDIS, lacking};
use shown::shown_url;

/// The variables that name the store, in the order in which they count.
const VARIABLES: [&str; 2] = ["STREAM_EVENTS_URL", "REDIS_URL"];

/// A URL and where it comes from.
#[derive(Clone)]
pub(crate) struct StoreUrl {
    text: String,
    source: Option<&'static str>,
    /// Who we are there, in place of what the text says.
    #[cfg(feature = "redis")]
    provider: Option<Provider>,
}

impl StoreUrl {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            source: None,
            #[cfg(feature = "redis")]
            provider: None,
        }
    }

    /// Who we are there comes from this provider, where there is one.
    #[cfg(feature = "redis")]
    pub(crate) fn with_credentials(self, provider: Option<Provider>) -> Self {
        Self { provider, ..self }
    }

    /// The environment's; none where it names no store. A variable that is set to nothing counts as
    /// not set.
    pub(crate) fn from_env() -> Option<Self> {
        VARIABLES.into_iter().find_map(|name| {
            let text = std::env::var(name).ok().filter(|text| !text.is_empty())?;
            Some(Self {
                source: Some(name),
                ..Self::new(text)
            })
        })
    }

    /// The environment's, or this process's memory with one warning.
    pub(crate) fn from_env_or_memory() -> Self {
        Self::from_env().unwrap_or_else(|| {
            static SAID: AtomicBool = AtomicBool::new(false);
            if !SAID.swap(true, Relaxed) {
                tracing::warn!(
                    target: "stream_events",
                    "neither STREAM_EVENTS_URL nor REDIS_URL is set: job events stay in this process's \
                     memory and go with it"
                );
            }
            Self::new("memory:")
        })
    }

    /// The store of this name. Nothing is connected yet: a wrong URL is an error here, a server
    /// that is down is not.
    pub(crate) fn open(&self) -> Result<Arc<dyn Store>, Error> {
        let scheme = self.text.split_once(':').map(|(scheme, _)| scheme);
        match scheme {
            Some("memory") => self.checked().map(memory::open),
            Some(scheme) if OF_REDIS.contains(&scheme) => match lacking(scheme) {
                Some(feature) => {
                    Err(self.refused(format!("needs the feature `{feature}` of stream-events")))
                }
                None => self.checked().and_then(|_| self.open_redis()),
            },
            Some(scheme) if self.text.contains("://") => {
                Err(self.refused(format!("has the unknown scheme `{}`", error::shown(scheme))))
            }
            _ => Err(self.refused("is no URL")),
        }
    }

    /// Its text, if that has no parameters but those of its scheme.
    fn checked(&self) -> Result<&str, Error> {
        parameters::check(&self.text).map_err(|why| self.refused(why))?;
        Ok(&self.text)
    }

    #[cfg(feature = "redis")]
    fn open_redis(&self) -> Result<Arc<dyn Store>, Error> {
        super::redis::open(&self.text, self.shown(), self.provider.clone())
            .map_err(|why| self.refused(why))
    }

    #[cfg(not(feature = "redis"))]
    fn open_redis(&self) -> Result<Arc<dyn Store>, Error> {
        Err(self.refused("is of a store that is not built in"))
    }

    fn refused(&self, why: impl Into<String>) -> Error {
        let shown = match self.source {
            Some(variable) => format!("{}` from `{variable}", self.shown()),
            None => self.shown(),
        };
        Repr::Url {
            shown,
            why: why.into(),
        }
        .into()
    }

    fn shown(&self) -> String {
        shown_url(&self.text)
    }
}

impl fmt::Debug for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StoreUrl({:?})", self.shown())
    }
}

#[cfg(test)]
mod tests;
