//! Members of a `data` that anyone may have written: nothing in it can stop a reader.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::text;

/// The members of these keys, each as its text; none where `data` is no JSON object.
pub(super) fn members<'a, const N: usize>(
    data: &'a str,
    keys: [&str; N],
) -> [Option<&'a RawValue>; N] {
    let mut found = [None; N];
    let place = |name: &str| keys.iter().position(|key| *key == name);
    if find(data, place, &mut found) {
        found
    } else {
        [None; N]
    }
}

/// The same into a slice, each at the place that its name has there; false where `data` is no JSON object,
/// of which what was found before that showed is not to be relied on. Where it is one, all of it is right.
pub(crate) fn find<'a>(
    data: &'a str,
    place: impl Fn(&str) -> Option<usize>,
    found: &mut [Option<&'a RawValue>],
) -> bool {
    let mut deserializer = serde_json::Deserializer::from_str(data);
    Keys { place, found }.deserialize(&mut deserializer).is_ok()
}

struct Keys<'f, 'de, P> {
    place: P,
    found: &'f mut [Option<&'de RawValue>],
}

impl<'de, P: Fn(&str) -> Option<usize>> DeserializeSeed<'de> for Keys<'_, 'de, P> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, P: Fn(&str) -> Option<usize>> Visitor<'de> for Keys<'_, 'de, P> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<&RawValue>()? {
            // One with half a surrogate pair in it is no error, and no name that is asked for.
            let place = text::exact(key.get()).and_then(|name| (self.place)(&name));
            match place.and_then(|place| self.found.get_mut(place)) {
                // Of a repeated key the last counts, as for `json.loads`.
                Some(found) => *found = Some(map.next_value()?),
                None => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
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

    /// What stands there is `x`, a backslash and `b`, and `x` and a backspace.
    #[test]
    fn a_name_is_what_is_read_and_not_what_is_written() {
        let data = r#"{"x\\b": 1, "x\\b": 2, "x\b": 3}"#;
        assert_eq!(one(data, r"x\\b"), None);
        assert_eq!(one(data, r"x\b").as_deref(), Some("2"));
        assert_eq!(one(data, "x\u{8}").as_deref(), Some("3"));
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
