//! The fields of an event, written to JSON once, on the caller's thread.

use std::fmt;
use std::ops::Range;

use serde::Serialize;

use super::keys::Keys;
use super::object::Object;
use super::value::{Text, write_text, write_value};
use super::{cut, payload, spare};
use crate::Error;
use crate::digits::Digits;

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
    /// Whether it is of a reserved key, and so ours.
    pub(super) is_own: bool,
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
    pub fn display<T: fmt::Display + ?Sized>(self, key: &str, value: &T) -> Self {
        self.field(key, &Text(format_args!("{value}")))
    }

    /// Adds the text of `value`'s `Debug`.
    #[must_use]
    pub fn debug<T: fmt::Debug + ?Sized>(self, key: &str, value: &T) -> Self {
        self.field(key, &Text(format_args!("{value:?}")))
    }

    /// Adds a reserved key, which is ours to write.
    pub(crate) fn own<T: Serialize + ?Sized>(mut self, key: &'static str, value: &T) -> Self {
        self.add_own(key, value);
        self
    }

    pub(crate) fn add_own<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) {
        self.begin_own(key);
        self.write(value);
    }

    pub(crate) fn add_own_number(&mut self, key: &'static str, number: u64) {
        self.begin_own(key);
        let digits = Digits::of(number);
        self.end(digits.as_bytes(), digits.as_bytes().len());
    }

    /// Adds a reserved key with the text of the user's own `value`; `or` where that is none.
    pub(crate) fn add_own_text<T: fmt::Display + ?Sized>(
        &mut self,
        key: &'static str,
        value: &T,
        or: &str,
    ) {
        self.begin_own(key);
        let size = write_text(&mut self.text, value, or);
        self.ended(size);
    }

    /// Adds a reserved key with so many bytes of a value at most.
    pub(crate) fn own_within<T: Serialize + ?Sized>(
        mut self,
        key: &'static str,
        value: &T,
        most: usize,
    ) -> Self {
        self.begin_own(key);
        self.write(value);
        self.limit_last(most);
        self
    }

    /// Appends those of `other`.
    pub(crate) fn and(mut self, other: &Self) -> Self {
        for member in &other.members {
            self.begin_as_it_is(&other.text[member.key.clone()]);
            self.free_last_key();
            self.end(&other.text[member.value.clone()], member.size);
            self.limit_last(member.most);
        }
        self
    }

    /// Those with these keys, each with so many bytes at most.
    pub(crate) fn only(&self, keys: &[&str], most: usize) -> Self {
        let mut only = Self::new();
        for member in &self.members {
            let key = serde_json::from_slice(&self.text[member.key.clone()]);
            let key: String = key.unwrap_or_default();
            if keys.contains(&&*key) {
                let value = &self.text[member.value.clone()];
                let value = cut::value_within(value, member.size, most);
                only.begin(&key);
                only.end(&value, value.len());
            }
        }
        only
    }

    /// The text for an event with `room` bytes for it, cut if it has more.
    pub(crate) fn into_text(self, room: usize) -> Vec<u8> {
        let text = if self.needed() <= room && self.beyond_most() == 0 {
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

    pub(super) fn limit_last(&mut self, most: usize) {
        if let Some(member) = self.members.last_mut() {
            member.most = most;
        }
    }

    fn write<T: Serialize + ?Sized>(&mut self, value: &T) {
        let size = write_value(&mut self.text, value);
        self.ended(size);
    }

    /// Begins a field, of a key.
    pub(super) fn begin(&mut self, key: &str) {
        let start = self.begin_key();
        payload::write_text(&mut self.text, key);
        self.end_key(start);
    }

    fn begin_own(&mut self, key: &'static str) {
        self.begin(key);
        if let Some(member) = self.members.last_mut() {
            member.is_own = true;
        }
    }

    /// The same, of a key in JSON.
    pub(super) fn begin_as_it_is(&mut self, key: &[u8]) {
        let start = self.begin_key();
        self.text.extend_from_slice(key);
        self.end_key(start);
    }

    fn begin_key(&mut self) -> usize {
        if self.members.capacity() == 0 {
            (self.text, self.members) = (spare::text(), spare::members());
        }
        self.text.push(b',');
        self.text.len()
    }

    fn end_key(&mut self, start: usize) {
        let key = start..self.text.len();
        self.text.push(b':');
        let value = self.text.len()..self.text.len();
        let (size, most) = (0, usize::MAX);
        self.members.push(Member {
            key,
            value,
            size,
            most,
            is_own: false,
        });
    }

    pub(super) fn end(&mut self, value: &[u8], size: usize) {
        self.text.extend_from_slice(value);
        self.ended(size);
    }

    fn ended(&mut self, size: usize) {
        let end = self.text.len();
        if let Some(member) = self.members.last_mut() {
            (member.value.end, member.size) = (end, size);
        }
    }

    /// Has the key of the last field be another where it is not free.
    fn free_last_key(&mut self) {
        if let Some((last, before)) = self.members.split_last()
            && !self.keys.is_free(&self.text, last, before)
        {
            let start = last.key.start - 1;
            let key = self.keys.free(&self.text, last, before);
            self.text.truncate(start);
            self.members.pop();
            self.begin(&key);
        }
        self.keys.note(&self.text, &self.members);
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
