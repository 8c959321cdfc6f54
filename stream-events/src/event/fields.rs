//! The fields of an event, written to JSON once, on the caller's thread.

#[cfg(test)]
mod fuzz;
mod written;

use std::fmt;
use std::ops::Range;

use serde::Serialize;

use super::keys::Keys;
use super::object::Object;
use super::value::write_text;
use super::{cut, spare};
use crate::Error;

/// What an event carries beside the keys that every event has.
///
/// A value that does not serialise, or panics while it does, is written as `{"$unserializable":
/// "<why>"}`. A key that is [reserved](crate::RESERVED_KEYS) or given twice gets a trailing `_`. So
/// no field is lost and none overwrites another.
///
/// What [`Scrub`](crate::Scrub) takes out is taken out when they are emitted, and not before.
///
/// Fields of more than [`MAX_PAYLOAD`](crate::MAX_PAYLOAD) bytes together are cut when they are
/// emitted: the longest values keep their heads as strings, and `"truncated": true` with the
/// `original_size` in bytes says so.
///
/// ```
/// use stream_events::Fields;
///
/// let fields = Fields::new().field("pages", &[1, 2, 3]).display("host", &"worker-1");
/// assert_eq!(fields.to_string(), r#"{"pages":[1,2,3],"host":"worker-1"}"#);
/// ```
#[derive(Clone, Default)]
pub struct Fields {
    /// Each field as `,"key":value`, so that one event's text is this behind what all events have.
    pub(super) text: Vec<u8>,
    pub(super) members: Vec<Member>,
    keys: Keys,
}

#[derive(Clone)]
pub(super) struct Member {
    pub(super) key: Range<usize>,
    pub(super) value: Range<usize>,
    /// Of the whole value, of which `value` may hold but the head.
    pub(super) size: usize,
    /// Bytes of it that an event may have.
    pub(super) most: usize,
    /// The reserved key that it is of, where it is ours.
    pub(super) own: Option<&'static str>,
    /// Whether nothing of it looks like a secret, or is named like one.
    pub(super) is_harmless: bool,
}

impl Member {
    /// Whether nothing of its value is to be cut, or is not there.
    fn is_whole(&self) -> bool {
        self.size == self.value.len() && self.size <= self.most
    }
}

impl Fields {
    /// No fields.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The fields of an object: a struct, a map, `json!({..})`, or `()` for none.
    ///
    /// # Errors
    ///
    /// [`InvalidEvent`](crate::ErrorKind::InvalidEvent) where `object` does not serialise, or to
    /// something else.
    pub fn from_object<T: Serialize + ?Sized>(object: &T) -> Result<Self, Error> {
        Ok(Object::of("the event", object)?.into_fields())
    }

    /// Adds `value` as serde writes it. Floats that are not finite are written as `null`, as
    /// `serde_json` does.
    #[must_use]
    pub fn field<T: Serialize + ?Sized>(mut self, key: &str, value: &T) -> Self {
        self.begin(key);
        self.free_last_key();
        self.write(value);
        self
    }

    /// Adds the text that `value` displays as.
    #[must_use]
    pub fn display<T: fmt::Display + ?Sized>(mut self, key: &str, value: &T) -> Self {
        self.begin(key);
        self.free_last_key();
        let written = write_text(&mut self.text, value, None);
        self.ended(written);
        self
    }

    /// Adds the text of `value`'s `Debug`.
    #[must_use]
    pub fn debug<T: fmt::Debug + ?Sized>(self, key: &str, value: &T) -> Self {
        self.display(key, &Debugged(value))
    }

    /// The text for an event with `room` bytes for it, cut if it has more.
    pub(crate) fn into_text(self, room: usize) -> Vec<u8> {
        let text = if self.text.len() <= room && self.members.iter().all(Member::is_whole) {
            self.text
        } else {
            cut::to_fit(&self.text, &self.members, self.size(), room)
        };
        spare::give_members(self.members);
        text
    }

    /// Is of no more use; its memory is.
    pub(crate) fn spare(self) {
        spare::give_text(self.text);
        spare::give_members(self.members);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Bytes of JSON that the fields have, or would have had they been kept whole.
    pub(crate) fn size(&self) -> usize {
        let beyond: usize = self
            .members
            .iter()
            .map(|member| member.size - member.value.len())
            .sum();
        self.text.len() + beyond
    }

    /// Bytes that an event has to have for them, each value within its bounds.
    pub(crate) fn needed(&self) -> usize {
        match self.beyond_most() {
            0 => self.size(),
            beyond => self.size() - beyond + cut::note(self.size()).len(),
        }
    }

    fn beyond_most(&self) -> usize {
        let beyond = |member: &Member| member.size.saturating_sub(member.most);
        self.members.iter().map(beyond).sum()
    }
}

/// As a JSON object.
impl fmt::Display for Fields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pairs = self.text.get(1..).unwrap_or_default();
        write!(f, "{{{}}}", String::from_utf8_lossy(pairs))
    }
}

impl fmt::Debug for Fields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Displays as `Debug`, and is called by the name of what it has.
struct Debugged<'a, T: ?Sized>(&'a T);

impl<T: fmt::Debug + ?Sized> fmt::Display for Debugged<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::value::tests::Broken;
    use super::*;

    #[test]
    fn reserved_and_repeated_keys_get_an_underscore() {
        let fields = Fields::new()
            .field("seq", &1)
            .field("seq_", &2)
            .field("a\"b", &3)
            .field("a\"b", &4);
        assert_eq!(
            fields.to_string(),
            r#"{"seq_":1,"seq__":2,"a\"b":3,"a\"b_":4}"#
        );
    }

    #[test]
    fn text_is_kept_as_it_is() {
        let fields = Fields::new().display("标题", &"大纲 🎉").debug("d", &"x\n");
        assert_eq!(fields.to_string(), r#"{"标题":"大纲 🎉","d":"\"x\\n\""}"#);
    }

    #[test]
    fn an_object_keeps_the_order_of_its_fields_and_anything_else_is_refused() {
        #[derive(serde::Serialize)]
        struct Outline {
            title: &'static str,
            nodes: Vec<u8>,
            run: f32,
        }
        let outline = Outline {
            title: "T",
            nodes: vec![1],
            run: 0.1,
        };
        let fields = Fields::from_object(&outline).unwrap();
        assert_eq!(
            fields.to_string(),
            r#"{"title":"T","nodes":[1],"run_":0.1}"#
        );
        assert_eq!(Fields::from_object(&()).unwrap().to_string(), "{}");
        let error = Fields::from_object(&[1, 2]).unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("the event serialises to an array; an event's fields are an object")
        );
        let error = Fields::from_object(&BTreeMap::from([("k", Broken)])).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the event does not serialise to JSON: no such thing"
        );
    }
}
