//! A value that no event, log line or error shows.

use std::any::type_name;
use std::fmt;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Holds a secret: as `Display`, `Debug` and by serde it is written as `[redacted]`, whatever it
/// holds. So it can be an argument that `fields(..)` names, or a part of a value that is recorded.
///
/// What is read by serde is kept; what is written by serde does not hold it, so that it cannot be
/// read back. Nothing is overwritten in memory when it is dropped.
///
/// ```
/// use stream_events::{Redacted, job_events, progress};
///
/// #[job_events(task_type = "sync", fields(account, key))]
/// async fn sync(job_id: &str, account: &str, key: Redacted<String>) {
///     progress!("signing in with {key}"); // "signing in with [redacted]"
///     sign_in(account, key.reveal());
/// }
/// # fn sign_in(_: &str, _: &str) {}
/// ```
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Redacted<T>(T);

impl<T> Redacted<T> {
    /// Hides this.
    pub const fn new(secret: T) -> Self {
        Self(secret)
    }

    /// What is hidden. There is no other way to it, no `Deref` above all, through which a method of
    /// the secret's own could show it unseen.
    pub const fn reveal(&self) -> &T {
        &self.0
    }

    /// The same, taken out.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> From<T> for Redacted<T> {
    fn from(secret: T) -> Self {
        Self(secret)
    }
}

impl<T> fmt::Display for Redacted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(REDACTED)
    }
}

impl<T> fmt::Debug for Redacted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(REDACTED)
    }
}

impl<T> Serialize for Redacted<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(REDACTED)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Redacted<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // The error of a format likes to show what it could not read.
        let hidden = |_| D::Error::custom(format_args!("a secret is no {}", type_name::<T>()));
        T::deserialize(deserializer).map(Self).map_err(hidden)
    }
}

/// What stands in a secret's place.
pub(crate) const REDACTED: &str = "[redacted]";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Fields;

    /// Has neither a text nor a form.
    struct Mute;

    #[test]
    fn whatever_it_holds_is_written_as_redacted() {
        let secret = Redacted::new("s3cret");
        let fields = Fields::new()
            .field("serde", &Some(secret))
            .display("display", &secret)
            .debug("debug", &[secret])
            .field("mute", &Redacted(Mute));
        assert_eq!(
            fields.to_string(),
            r#"{"serde":"[redacted]","display":"[redacted]","debug":"[[redacted]]","mute":"[redacted]"}"#
        );
        assert_eq!(format!("{secret:>12}{secret:#?}"), "  [redacted][redacted]");
    }

    #[test]
    fn it_is_read_as_what_it_holds_and_given_back() {
        let secret: Redacted<String> = serde_json::from_str(r#""s3cret""#).unwrap();
        assert_eq!(secret.reveal(), "s3cret");
        assert_eq!(secret, Redacted::from("s3cret".to_owned()));
        assert_eq!(secret.into_inner(), "s3cret");
        let refused = serde_json::from_str::<Redacted<u8>>(r#""s3cret""#).unwrap_err();
        assert!(
            refused.to_string().starts_with("a secret is no u8"),
            "{refused}"
        );
    }
}
