//! What an awaiting caller is told of, where any other's is cut.

use crate::error::{Repr, shown};
use crate::event::EventType;
use crate::{Error, Fields, MAX_NAME, MAX_PAYLOAD};

/// A name that is not too long.
pub(super) fn named<'a>(what: &'static str, name: &'a str) -> Result<&'a str, Error> {
    if name.len() > MAX_NAME {
        let (shown, bytes) = (shown(name), name.len());
        return Err(Repr::Name {
            what,
            shown,
            bytes,
            limit: MAX_NAME,
        }
        .into());
    }
    Ok(name)
}

/// Fields that are not too large.
pub(super) fn within_limit(event_type: &EventType, fields: Fields) -> Result<Fields, Error> {
    if fields.size() > MAX_PAYLOAD - HEAD {
        return Err(Repr::TooLarge {
            what: event_type.to_string(),
            limit: MAX_PAYLOAD - HEAD,
        }
        .into());
    }
    Ok(fields)
}

/// Bytes of `data` that are not the caller's fields, at most: the ids may be long.
const HEAD: usize = 4 * 1024;
