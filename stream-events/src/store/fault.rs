//! What a store may say instead of an answer.

use std::fmt;

use super::Store;
use crate::Error;
use crate::error::Repr;

/// Why a store did not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) class: Class,
    pub(crate) why: String,
    /// Whether the store has said that it is not the one to be asked, rather than nothing: no event is the reason
    /// that the connection is left.
    pub(crate) is_answer: bool,
}

/// What is to be done about a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    /// The id is not above the stream's last: the entry is there already, or another writer is.
    Conflict,
    /// The connection is of no use any more. Whether the command was applied is not known.
    Connection,
    /// The part of the store that has this stream is away. Whether the command was applied is not known;
    /// the connection is good for all else.
    #[cfg_attr(
        not(feature = "cluster"),
        allow(dead_code, reason = "only a store of several servers has parts")
    )]
    Away,
    /// Not applied: another server of the store has this stream. A store of several servers goes there by
    /// itself; one that was taken for a single server says so, until someone mends its URL.
    #[cfg_attr(
        not(feature = "redis"),
        allow(dead_code, reason = "only a server says so")
    )]
    Elsewhere,
    /// The store is there and cannot now: ask again after a while.
    Later,
    /// We do not get in, or know nobody to get in as: a certificate, or who gives us credentials, has to be
    /// mended. Nothing was asked of the store; it is tried again, without haste.
    #[cfg_attr(
        not(feature = "redis"),
        expect(dead_code, reason = "memory has no door")
    )]
    Barred,
    /// The store does not let us: rights can be mended, but not by waiting alone.
    Denied,
    /// The store refuses in words that we do not know: it may be the event's fault.
    Odd,
    /// The store refuses, and will refuse again.
    Never,
}

impl Class {
    /// Whether another try may find a way, or another.
    pub(crate) fn is_of_the_way(self) -> bool {
        matches!(self, Self::Connection | Self::Away)
    }

    /// Whether it may be over by itself, so that who follows a stream waits for that.
    pub(crate) fn passes(self) -> bool {
        matches!(
            self,
            Self::Connection | Self::Away | Self::Later | Self::Barred
        )
    }
}

impl Fault {
    pub(crate) fn new(class: Class, why: impl fmt::Display) -> Self {
        Self {
            class,
            why: why.to_string(),
            is_answer: false,
        }
    }

    /// Whether waiting alone may help, on the same connection: of a store of several servers, one may be
    /// away, or not let us in.
    pub(crate) fn is_for_now(&self) -> bool {
        matches!(self.class, Class::Later | Class::Away | Class::Barred)
    }

    /// What the fault is to a caller who asked for `what`.
    pub(crate) fn into_error(self, store: &dyn Store, what: &str) -> Error {
        let store = store.shown().to_owned();
        match self.class {
            Class::Later => Repr::NotNow {
                what: what.to_owned(),
                store,
                why: self.why,
            }
            .into(),
            Class::Connection | Class::Away | Class::Barred => Repr::Unavailable {
                store,
                why: self.why,
            }
            .into(),
            _ => Repr::Rejected {
                what: what.to_owned(),
                store,
                why: self.why,
            }
            .into(),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)
    }
}
