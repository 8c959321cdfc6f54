//! Where in an event's `data` a field stands.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::lexer::Char;
use super::mistake::Wrong;
use super::written;
use crate::event;

/// The names between the dots of `field.a.b`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Path(Vec<Segment>);

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Segment {
    name: String,
    /// Of an array's elements, this one, from 0.
    index: Option<usize>,
}

/// Names of a path.
const MOST_NAMES: usize = 16;
/// How many arrays on the way to a value are looked into: what is within is looked through again for each.
const MOST_ARRAYS: u8 = 8;

impl Path {
    /// What stands behind `field.`, at this place.
    pub(super) fn of(chars: &[Char], at: usize) -> Result<Self, Wrong> {
        let mut segments = Vec::new();
        let (mut begins, mut rest) = (at, chars);
        loop {
            let dot = rest.iter().position(|char| char.is('.'));
            let (name, behind) = rest.split_at(dot.unwrap_or(rest.len()));
            if name.is_empty() {
                let what = "a field's name is expected here, such as in `field.user.id=7`";
                return Err(Wrong::at(begins, what));
            }
            if segments.len() >= MOST_NAMES {
                let what = format!("a field's place has {MOST_NAMES} names at most");
                return Err(Wrong::at(begins, what));
            }
            segments.push(Segment::of(name));
            let Some((dot, behind)) = behind.split_first() else {
                return Ok(Self(segments));
            };
            (begins, rest) = (dot.at + 1, behind);
        }
    }

    /// The member of `data` that it begins with.
    pub(super) fn first(&self) -> &str {
        self.0.first().map_or("", |first| &first.name)
    }

    /// Whether what stands at this place of that member's JSON is so: of arrays, any element.
    ///
    /// What is within an array, and the rest of what is within an object, is looked through once for each
    /// name of the path and each array around it, of which there are few.
    pub(super) fn any(&self, first: &str, is_so: &mut dyn FnMut(&str) -> bool) -> bool {
        let rest = self.0.get(1..).unwrap_or_default();
        any(first, rest, MOST_ARRAYS, is_so)
    }
}

impl Segment {
    fn of(chars: &[Char]) -> Self {
        let name: String = chars.iter().map(|char| char.c).collect();
        let is_index = chars
            .iter()
            .all(|char| char.c.is_ascii_digit() && !char.is_quoted);
        let index = name.parse().ok().filter(|_| is_index);
        Self { name, index }
    }
}

fn any(json: &str, path: &[Segment], arrays: u8, is_so: &mut dyn FnMut(&str) -> bool) -> bool {
    match (json.as_bytes().first(), path) {
        (Some(b'{'), [next, rest @ ..]) => {
            let mut found = [None];
            event::find(json, &[next.name.as_str()], &mut found);
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

/// As it stands behind `field`.
impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|segment| {
            f.write_str(".")?;
            let is_number = segment.name.bytes().all(|b| b.is_ascii_digit());
            match segment.index {
                None if is_number => written::quoted(f, &segment.name),
                _ => written::name(f, &segment.name),
            }
        })
    }
}
