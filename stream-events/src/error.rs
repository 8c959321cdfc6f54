//! What can go wrong, said once: an opaque [`Error`] with an [`ErrorKind`] to match on.

mod kind;
mod repr;

use std::convert::Infallible;
use std::fmt;

pub use kind::ErrorKind;
pub(crate) use repr::Repr;

use crate::scrub::Scrub;

/// Why a call failed. Its text names the value at fault, without credentials, and what is accepted.
#[derive(Clone)]
pub struct Error(Box<Repr>);

impl Error {
    /// What kind of failure this is.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        ErrorKind::of(&self.0)
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
