//! Whether a value of JSON is what a term says: numbers as numbers, texts as texts.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserializer, Visitor};

use super::number::Number;
use super::pattern::Pattern;
use super::term::{Is, Literal, Value};

/// Of a value of JSON that is written like this.
pub(super) fn is(json: &str, is: Is, value: &Value) -> bool {
    match (value, json.as_bytes().first()) {
        (Value::Any, _) => json != "null",
        (Value::Text(pattern) | Value::Literal(pattern, _), Some(b'"')) => {
            // One that compares to a number is none.
            let is_text = matches!(value, Value::Text(_)) || matches!(is, Is::Like | Is::Equal);
            is_text && is_string(&string(json), is, pattern)
        }
        (_, Some(b'{' | b'[')) => false,
        (Value::Literal(_, Literal::Number(number)), _) => {
            let found = Number::of(json);
            found.is_some_and(|found| is.holds(found.cmp(number)))
        }
        (Value::Literal(_, Literal::Word(word)), _) => {
            matches!(is, Is::Like | Is::Equal) && json == *word
        }
        (Value::Text(pattern), _) => {
            pattern.has_stars() && json != "null" && pattern.is_whole(json)
        }
        _ => false,
    }
}

fn is_string(text: &str, is: Is, pattern: &Pattern) -> bool {
    match is {
        Is::Like => pattern.is_whole(text),
        _ => is.holds(text.cmp(pattern.text())),
    }
}

/// The text of a value: a string's own, and of others the JSON; none of null.
pub(super) fn text(json: &str) -> Option<Cow<'_, str>> {
    match json.as_bytes().first()? {
        b'"' => Some(string(json)),
        _ if json == "null" => None,
        _ => Some(Cow::Borrowed(json)),
    }
}

/// The text of a string; half of a surrogate pair in it, which is no character, is replaced.
fn string(json: &str) -> Cow<'_, str> {
    let inner = json
        .strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'));
    match inner {
        Some(inner) if !inner.contains('\\') => Cow::Borrowed(inner),
        _ => {
            let mut deserializer = serde_json::Deserializer::from_str(json);
            let text = deserializer.deserialize_bytes(Lossy);
            text.map_or(Cow::Borrowed(json), Cow::Owned)
        }
    }
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
