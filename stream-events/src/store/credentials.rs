//! Who we are to a store, where that changes while a process runs.

use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt;

use super::BoxFuture;
use crate::Redacted;
use crate::error::told;

/// A user of the store, and the password: what [`Builder::credentials`](crate::Builder::credentials) and
/// [`Reader::with_credentials`](crate::Reader::with_credentials) ask for. Neither is shown by anything.
///
/// ```
/// use stream_events::Credentials;
///
/// let credentials = Credentials::new("publisher", "s3cret");
/// assert_eq!(format!("{credentials:?}"), "Credentials([redacted])");
/// ```
#[derive(Clone)]
pub struct Credentials {
    pub(super) user: Option<String>,
    pub(super) password: Redacted<String>,
}

impl Credentials {
    /// Of this user.
    pub fn new(user: impl Into<String>, password: impl Into<String>) -> Self {
        Self {
            user: Some(user.into()),
            ..Self::password(password)
        }
    }

    /// Of the user `default`, as `requirepass` has it.
    pub fn password(password: impl Into<String>) -> Self {
        Self {
            user: None,
            password: Redacted::new(password.into()),
        }
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credentials({:?})", self.password)
    }
}

/// What gives them, asked at each connect. A clone is the same.
#[derive(Clone)]
pub(crate) struct Provider(Arc<Ask>);

type Ask = dyn Fn() -> Given + Send + Sync;
type Given = BoxFuture<'static, Result<Credentials, String>>;

impl Provider {
    pub(crate) fn new<F, G, E>(give: F) -> Self
    where
        F: Fn() -> G + Send + Sync + 'static,
        G: Future<Output = Result<Credentials, E>> + Send + 'static,
        E: fmt::Display,
    {
        let give = Arc::new(give);
        Self(Arc::new(move || {
            let give = Arc::clone(&give);
            let given = async move {
                give()
                    .await
                    .map_err(|why| format!("no credentials: {}", told(why)))
            };
            // One that panics would take the worker with it.
            let given = AssertUnwindSafe(given).catch_unwind();
            Box::pin(async move {
                let panicked = |_| Err("no credentials: who gives them panicked".to_owned());
                given.await.unwrap_or_else(panicked)
            })
        }))
    }

    /// The error says why there are none, without a secret.
    pub(super) fn ask(&self) -> Given {
        (self.0)()
    }
}

impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Provider")
    }
}
