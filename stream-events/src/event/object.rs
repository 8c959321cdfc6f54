//! A user's value taken apart into the fields of an event.

use std::fmt;

use serde::Serialize;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::fields::Fields;
use super::value;
use crate::Error;
use crate::error::{Repr, shown, told};

/// The members of an object in their order, each value as the text that serde wrote.
pub(crate) struct Object {
    what: &'static str,
    members: Vec<(String, Box<RawValue>)>,
}

impl Object {
    /// `what` names the value in errors.
    pub(crate) fn of<T: Serialize + ?Sized>(what: &'static str, value: &T) -> Result<Self, Error> {
        let text = value::json(what, value)?;
        let members = match text.get().as_bytes().first() {
            Some(b'{') => serde_json::from_str::<Members>(text.get()).map_err(|error| {
                Repr::Unserializable {
                    what: what.to_owned(),
                    why: told(error),
                }
            })?,
            Some(b'n') => Members(Vec::new()),
            other => {
                return Err(Repr::NotAnObject {
                    what,
                    found: json_type(other.copied()),
                }
                .into());
            }
        };
        Ok(Self {
            what,
            members: members.0,
        })
    }

    /// Takes a member out.
    pub(crate) fn take(&mut self, field: &str) -> Option<Box<RawValue>> {
        let at = self.members.iter().position(|(key, _)| key == field)?;
        Some(self.members.remove(at).1)
    }

    /// Takes a member out that has to be a string.
    pub(crate) fn take_string(&mut self, field: &'static str) -> Result<Option<String>, Error> {
        let Some(value) = self.take(field) else {
            return Ok(None);
        };
        let wrong = |_| {
            Repr::FieldType {
                what: self.what,
                field,
                found: shown(value.get()),
            }
            .into()
        };
        serde_json::from_str(value.get()).map(Some).map_err(wrong)
    }

    pub(crate) fn into_fields(self) -> Fields {
        self.members
            .iter()
            .fold(Fields::new(), |fields, (key, value)| {
                fields.field(key, value)
            })
    }
}

/// The members of a JSON object in their order; none of what is no object.
pub(crate) fn members(json: &str) -> Vec<(String, Box<RawValue>)> {
    let members = serde_json::from_str::<Members>(json);
    members.map_or_else(|_| Vec::new(), |members| members.0)
}

struct Members(Vec<(String, Box<RawValue>)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
        let mut members = Vec::with_capacity(map.size_hint().unwrap_or(0));
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(Members(members))
    }
}

fn json_type(first: Option<u8>) -> &'static str {
    match first {
        Some(b'[') => "an array",
        Some(b'"') => "a string",
        Some(b't' | b'f') => "a boolean",
        _ => "a number",
    }
}
