//! The text of a string in JSON, whoever wrote it.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserializer, Visitor};

/// None of what is no string, nor of one with half a surrogate pair in it, which is no character.
pub(crate) fn exact(written: &str) -> Option<Cow<'_, str>> {
    let plain = plain(written).map(Cow::Borrowed);
    plain.or_else(|| serde_json::from_str(written).ok().map(Cow::Owned))
}

/// The same, but that such a half is replaced.
pub(crate) fn lossy(written: &str) -> Option<Cow<'_, str>> {
    let plain = plain(written).map(Cow::Borrowed);
    plain.or_else(|| {
        let mut deserializer = serde_json::Deserializer::from_str(written);
        deserializer.deserialize_bytes(Lossy).ok().map(Cow::Owned)
    })
}

/// What stands between the quotes, where that is the text.
fn plain(written: &str) -> Option<&str> {
    let inner = written.strip_prefix('"')?.strip_suffix('"')?;
    (!inner.as_bytes().contains(&b'\\')).then_some(inner)
}

struct Lossy;

impl Visitor<'_> for Lossy {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_bytes<E>(self, bytes: &[u8]) -> Result<String, E> {
        Ok(String::from_utf8_lossy(bytes).into_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_surrogate_pair_is_no_text_or_is_replaced() {
        for (written, read) in [
            (r#""""#, ""),
            (r#""标题""#, "标题"),
            (r#""a\n\"\u6807\ud83d\ude00""#, "a\n\"标😀"),
        ] {
            assert_eq!(exact(written).as_deref(), Some(read));
            assert_eq!(lossy(written).as_deref(), Some(read));
        }
        let half = r#""a\ud800b""#;
        assert_eq!(exact(half), None);
        assert_eq!(lossy(half).as_deref(), Some("a\u{fffd}\u{fffd}\u{fffd}b"));
        for none in ["7", "null", "[\"a\"]", "\"", ""] {
            assert_eq!((exact(none), lossy(none)), (None, None), "{none}");
        }
    }
}
