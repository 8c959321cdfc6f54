//! How a reader comes to its store.

#[cfg(feature = "redis")]
use std::fmt;
use std::sync::Arc;

use super::Reader;
use crate::Error;
use crate::lost::Terms;
use crate::settings::{DEFAULT_GRACE, DEFAULT_PREFIX};
#[cfg(feature = "redis")]
use crate::store::credentials::{Credentials, Provider};
use crate::store::{Store, StoreUrl};

impl Reader {
    pub(super) fn of(url: StoreUrl) -> Result<Self, Error> {
        let store = url.open()?;
        Ok(Self::new(store, DEFAULT_PREFIX).opened_by(url))
    }

    pub(crate) fn new(store: Arc<dyn Store>, prefix: &str) -> Self {
        Self {
            store,
            #[cfg(feature = "redis")]
            url: None,
            prefix: prefix.into(),
            prompt: Arc::default(),
            desk: Arc::default(),
            terms: Terms {
                grace: DEFAULT_GRACE,
                retention: None,
            },
        }
    }

    /// The URL that the store was opened by.
    #[cfg_attr(
        not(feature = "redis"),
        expect(unused_variables, unused_mut, reason = "nobody asks")
    )]
    pub(crate) fn opened_by(mut self, url: StoreUrl) -> Self {
        #[cfg(feature = "redis")]
        {
            self.url = Some(Arc::new(url));
        }
        self
    }

    /// Who this reader is to the store, in place of the user and password of the URL: asked at each
    /// connect, as [`Builder::credentials`](crate::Builder::credentials) has it.
    ///
    /// ```no_run
    /// use stream_events::{Credentials, Reader};
    ///
    /// let reader = Reader::connect("rediss://redis.example.org/")?.with_credentials(|| async {
    ///     let password = std::fs::read_to_string("/run/secrets/redis")?;
    ///     Ok::<_, std::io::Error>(Credentials::new("reader", password.trim_end()))
    /// })?;
    /// # Ok::<(), stream_events::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`connect`](Self::connect).
    #[cfg(feature = "redis")]
    #[cfg_attr(docsrs, doc(cfg(feature = "redis")))]
    pub fn with_credentials<F, G, E>(self, give: F) -> Result<Self, Error>
    where
        F: Fn() -> G + Send + Sync + 'static,
        G: Future<Output = Result<Credentials, E>> + Send + 'static,
        E: fmt::Display,
    {
        let Some(url) = &self.url else {
            return Ok(self);
        };
        let url = StoreUrl::clone(url).with_credentials(Some(Provider::new(give)));
        let store = url.open()?;
        Ok(Self {
            terms: self.terms,
            ..Self::new(store, &self.prefix).opened_by(url)
        })
    }
}
