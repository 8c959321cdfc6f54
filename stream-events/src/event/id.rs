//! Where an event stands on its stream.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::Error;
use crate::error::{Repr, shown};

/// The id of an entry: the event's time in milliseconds since 1970 and a number that orders events
/// of one millisecond.
///
/// Ids of a stream only rise, so an id is also a place to resume from (see [stream
/// ids](https://redis.io/docs/latest/develop/data-types/streams/#entry-ids)).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct EventId {
    ms: u64,
    n: u64,
}

impl EventId {
    /// Before every event.
    pub const ZERO: Self = Self::new(0, 0);
    /// After every event.
    pub const MAX: Self = Self::new(u64::MAX, u64::MAX);

    /// The id `<ms>-<n>`.
    #[must_use]
    pub const fn new(ms: u64, n: u64) -> Self {
        Self { ms, n }
    }

    /// Milliseconds since 1970.
    #[must_use]
    pub const fn ms(self) -> u64 {
        self.ms
    }

    /// The number within the millisecond.
    #[must_use]
    pub const fn n(self) -> u64 {
        self.n
    }

    /// The smallest id above this one; [`MAX`](Self::MAX) is its own.
    #[must_use]
    pub const fn next(self) -> Self {
        match self.n.checked_add(1) {
            Some(n) => Self::new(self.ms, n),
            None if self.ms < u64::MAX => Self::new(self.ms + 1, 0),
            None => self,
        }
    }

    /// The largest id below this one; [`ZERO`](Self::ZERO) is its own.
    pub(crate) const fn previous(self) -> Self {
        match self.n.checked_sub(1) {
            Some(n) => Self::new(self.ms, n),
            None if self.ms > 0 => Self::new(self.ms - 1, u64::MAX),
            None => self,
        }
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.ms, self.n)
    }
}

impl Serialize for EventId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for EventId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let id = String::deserialize(deserializer)?;
        id.parse().map_err(serde::de::Error::custom)
    }
}

impl FromStr for EventId {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let refused = || Repr::EventId { shown: shown(text) };
        let (ms, n) = text.split_once('-').ok_or_else(refused)?;
        let number = |digits: &str| {
            let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
            plain.then(|| digits.parse().ok()).flatten()
        };
        match (number(ms), number(n)) {
            (Some(ms), Some(n)) => Ok(Self { ms, n }),
            _ => Err(refused().into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_back_as_written_and_ordered() {
        let id: EventId = "1764000000000-7".parse().unwrap();
        assert_eq!(id.to_string(), "1764000000000-7");
        let json = serde_json::to_string(&id).unwrap();
        assert_eq!(json, r#""1764000000000-7""#);
        assert_eq!(serde_json::from_str::<EventId>(&json).unwrap(), id);
        assert!(id < id.next() && id.next() < EventId::new(id.ms() + 1, 0));
        assert_eq!(EventId::new(5, u64::MAX).next(), EventId::new(6, 0));
        assert_eq!(EventId::MAX.next(), EventId::MAX);
    }

    #[test]
    fn what_is_no_id_is_refused_by_name() {
        for text in [
            "",
            "5",
            "-",
            "5-",
            "+5-1",
            "5-1-1",
            "99999999999999999999999-0",
            "$",
            "5-x\r\n",
        ] {
            let error = text.parse::<EventId>().unwrap_err();
            assert_eq!(error.kind(), crate::ErrorKind::InvalidEventId);
            assert!(error.to_string().contains(&format!("{text:?}")), "{error}");
        }
    }
}
