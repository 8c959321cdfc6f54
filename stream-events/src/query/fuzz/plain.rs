//! What terms say of an event, each looked up by itself and without any account of what that takes.

use std::fmt;
use std::time::SystemTime;

use serde::de::{DeserializeSeed, Deserializer, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::Event;
use crate::event::{find, text};
use crate::query::Query;
use crate::query::event::WORDS;
use crate::query::key::Key;
use crate::query::known::{Known, Sort};
use crate::query::number::Number;
use crate::query::path::Segment;
use crate::query::pattern::Pattern;
use crate::query::status;
use crate::query::term::{Is, Literal, Term, Value};
use crate::query::text::Text;
use crate::query::work::Work;

/// Whether the event is what the query asks for.
pub(super) fn matches(query: &Query, event: &Event) -> bool {
    query.tree.holds(&|term| is(event, term, query.now))
}

pub(super) fn is(event: &Event, term: &Term, now: SystemTime) -> bool {
    let Term { key, is, value, .. } = term;
    let known = match (key, value) {
        (Key::Words, Value::Text(pattern)) => return has_words(event, pattern),
        (Key::Words, _) => return false,
        (Key::Field(path), _) => {
            let path = path.segments();
            let member = member(&event.data(), &path[0].name);
            return member.is_some_and(|json| {
                any(&json, &path[1..], MOST_ARRAYS, &mut |json| {
                    is_value(json, *is, value)
                })
            });
        }
        (Key::Known(known), _) => *known,
    };
    match value {
        Value::Text(pattern) | Value::Literal(pattern, _) => {
            text_of(event, known).is_some_and(|text| match (is, known.sort()) {
                (Is::Like, Sort::Text) => is_in(pattern, &text),
                (Is::Like, _) => is_whole(pattern, &text),
                _ => text == pattern.text(),
            })
        }
        Value::Any => number_of(event, known).is_some(),
        Value::Number(_, number) | Value::Length(_, number) => {
            number_of(event, known).is_some_and(|found| is.holds(found.cmp(number)))
        }
        Value::Time(time) => match known {
            Known::After => event.timestamp() >= time.from(now),
            Known::Before => event.timestamp() < time.from(now),
            _ => false,
        },
        Value::Status(status) => status::of_event(event) == *status,
    }
}

fn has_words(event: &Event, pattern: &Pattern) -> bool {
    let is_object = find(&event.data(), |_| None, &mut []);
    let mut texts = WORDS.iter().filter_map(|known| text_of(event, *known));
    texts.any(|text| is_in(pattern, &text)) || (!is_object && is_in(pattern, &event.data()))
}

fn member(data: &str, name: &str) -> Option<String> {
    let mut found = [None];
    let is_object = find(data, |key| (key == name).then_some(0), &mut found);
    Some(found[0].filter(|_| is_object)?.get().to_owned())
}

fn text_of(event: &Event, key: Known) -> Option<String> {
    if key == Known::Type {
        return Some(event.event_type().as_str().to_owned());
    }
    let json = member(&event.data(), key.member()).filter(|json| json != "null")?;
    Some(text::lossy(&json).map_or_else(|| json.clone(), Into::into))
}

fn number_of(event: &Event, key: Known) -> Option<Number> {
    Number::of(&member(&event.data(), key.member())?)
}

fn is_in(pattern: &Pattern, text: &str) -> bool {
    pattern.is_in(&Text::new(text.into()), &Work::default())
}

fn is_whole(pattern: &Pattern, text: &str) -> bool {
    pattern.is_whole(&Text::new(text.into()), &Work::default())
}

fn is_value(json: &str, is: Is, value: &Value) -> bool {
    match (value, json.as_bytes().first()) {
        (Value::Any, _) => json != "null",
        (Value::Text(pattern) | Value::Literal(pattern, _), Some(b'"')) => {
            let text = text::lossy(json).unwrap();
            match (value, is) {
                (_, Is::Like) => is_whole(pattern, &text),
                (Value::Text(_), _) | (_, Is::Equal) => is.holds((*text).cmp(pattern.text())),
                _ => false,
            }
        }
        (_, Some(b'{' | b'[')) => false,
        (Value::Literal(_, Literal::Number(number)), _) => {
            Number::of(json).is_some_and(|found| is.holds(found.cmp(number)))
        }
        (Value::Literal(_, Literal::Word(word)), _) => {
            matches!(is, Is::Like | Is::Equal) && json == *word
        }
        (Value::Text(pattern), _) => {
            pattern.has_stars() && json != "null" && is_whole(pattern, json)
        }
        _ => false,
    }
}

const MOST_ARRAYS: u8 = 8;

fn any(json: &str, path: &[Segment], arrays: u8, is_so: &mut dyn FnMut(&str) -> bool) -> bool {
    match (json.as_bytes().first(), path) {
        (Some(b'{'), [next, rest @ ..]) => {
            let mut found = [None];
            find(json, |name| (name == next.name).then_some(0), &mut found);
            found[0].is_some_and(|member: &RawValue| any(member.get(), rest, arrays, is_so))
        }
        (Some(b'['), _) if arrays == 0 => false,
        (
            Some(b'['),
            [
                Segment {
                    index: Some(index), ..
                },
                rest @ ..,
            ],
        ) => {
            let mut at = 0;
            any_element(json, &mut |element| {
                at += 1;
                at - 1 == *index && any(element, rest, arrays - 1, is_so)
            })
        }
        // The array itself may be all that is asked for.
        (Some(b'['), path) => {
            (path.is_empty() && is_so(json))
                || any_element(json, &mut |element| any(element, path, arrays - 1, is_so))
        }
        (_, []) => is_so(json),
        _ => false,
    }
}

/// Whether one of the elements is so.
fn any_element(json: &str, is_so: &mut dyn FnMut(&str) -> bool) -> bool {
    let mut deserializer = serde_json::Deserializer::from_str(json);
    Elements(is_so)
        .deserialize(&mut deserializer)
        .unwrap_or(false)
}

struct Elements<'f>(&'f mut dyn FnMut(&str) -> bool);

impl<'de> DeserializeSeed<'de> for Elements<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Elements<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<bool, A::Error> {
        let mut is_any = false;
        while let Some(element) = elements.next_element::<&RawValue>()? {
            is_any = is_any || (self.0)(element.get());
        }
        Ok(is_any)
    }
}
