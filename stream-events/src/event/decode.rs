//! Members of a `data` that anyone may have written: nothing in it can stop a reader.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

/// The members of these keys, each as its text; none where `data` is no JSON object.
pub(super) fn members<'a, const N: usize>(
    data: &'a str,
    keys: [&str; N],
) -> [Option<&'a RawValue>; N] {
    let mut found = [None; N];
    if find(data, &keys, &mut found) {
        found
    } else {
        [None; N]
    }
}

/// The same into a slice of as many places; false where `data` is no JSON object, of which what was
/// found before that showed is not to be relied on.
pub(crate) fn find<'a>(data: &'a str, keys: &[&str], found: &mut [Option<&'a RawValue>]) -> bool {
    let mut deserializer = serde_json::Deserializer::from_str(data);
    Keys { keys, found }.deserialize(&mut deserializer).is_ok()
}

struct Keys<'k, 'f, 'de> {
    keys: &'k [&'k str],
    found: &'f mut [Option<&'de RawValue>],
}

impl<'de> DeserializeSeed<'de> for Keys<'_, '_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Keys<'_, '_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<&RawValue>()? {
            match position(self.keys, key.get()) {
                // Of a repeated key the last counts, as for `json.loads`.
                Some(at) => self.found[at] = Some(map.next_value()?),
                None => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}

/// Which of the keys this is. It is compared as it is written, so that one with a lone surrogate is no
/// error; few have anything in them that would have to be read otherwise.
fn position(keys: &[&str], written: &str) -> Option<usize> {
    let inner = unquoted(written)?;
    let found = keys.iter().position(|key| *key == inner);
    if found.is_some() || !inner.as_bytes().contains(&b'\\') {
        return found;
    }
    let read = serde_json::from_str::<String>(written).ok()?;
    keys.iter().position(|key| *key == read)
}

/// A string; none where the value is something else, or cannot be read.
pub(super) fn string(value: &RawValue) -> Option<String> {
    match unquoted(value.get()) {
        Some(inner) if !inner.as_bytes().contains(&b'\\') => Some(inner.to_owned()),
        _ => serde_json::from_str(value.get()).ok(),
    }
}

/// What stands between the quotes.
fn unquoted(written: &str) -> Option<&str> {
    written.strip_prefix('"')?.strip_suffix('"')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(data: &str, key: &str) -> Option<String> {
        members(data, [key])[0].map(|value| value.get().to_owned())
    }

    #[test]
    fn members_are_found_as_they_are_written() {
        let data = r#"{"a": 1, "big": 10000000000000000000000001, "\u0062": "\ud800", "a": [2], "标": "题"}"#;
        assert_eq!(one(data, "a").as_deref(), Some("[2]"));
        assert_eq!(
            one(data, "big").as_deref(),
            Some("10000000000000000000000001")
        );
        assert_eq!(one(data, "b").as_deref(), Some(r#""\ud800""#));
        assert_eq!(one(data, "标").as_deref(), Some(r#""题""#));
        assert_eq!(one(data, "none"), None);
    }

    #[test]
    fn what_is_no_object_has_no_members() {
        for data in [
            "",
            "null",
            "[1]",
            "7",
            "\"x\"",
            "{",
            "{\"a\":NaN}",
            "not json",
            "{\"a\":1",
        ] {
            assert_eq!(one(data, "a"), None, "{data}");
        }
    }
}
