//! How fields are written, one behind the other.

use std::fmt;
use std::ops::Range;

use serde::Serialize;

use super::super::keys::Keys;
use super::super::value::{Written, write_text, write_value};
use super::super::{cut, payload, spare};
use super::{Fields, Member};
use crate::digits::Digits;
use crate::scrub::is_harmless_name;

impl Fields {
    /// Those of a text that was written alone, behind the reserved key that it begins with.
    pub(in crate::event) fn from_alone(key: &'static str, text: Vec<u8>, written: Written) -> Self {
        let (members, keys) = (spare::members(), Keys::default());
        let mut fields = Self {
            text,
            members,
            keys,
        };
        // Behind a comma, and in quotes.
        fields.members.push(Member {
            own: Some(key),
            ..Member::begun(1..key.len() + 3)
        });
        fields.ended(written);
        fields
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
        self.text.extend_from_slice(digits.as_bytes());
        self.ended(Written::harmless(digits.as_bytes().len()));
    }

    /// Adds a reserved key with the text of the user's own `value`; `or` where that is none.
    pub(crate) fn add_own_text<T: fmt::Display + ?Sized>(
        &mut self,
        key: &'static str,
        value: &T,
        or: &str,
    ) {
        self.begin_own(key);
        let written = write_text(&mut self.text, value, Some(or));
        self.ended(written);
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
            self.text
                .extend_from_slice(&other.text[member.value.clone()]);
            self.ended(Written {
                size: member.size,
                is_harmless: member.is_harmless,
            });
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

    pub(in crate::event) fn limit_last(&mut self, most: usize) {
        if let Some(member) = self.members.last_mut() {
            member.most = most;
        }
    }

    pub(super) fn write<T: Serialize + ?Sized>(&mut self, value: &T) {
        let size = write_value(&mut self.text, value);
        self.ended(Written::unseen(size));
    }

    /// Begins a field, of a key.
    pub(in crate::event) fn begin(&mut self, key: &str) {
        let start = self.begin_key();
        payload::write_text(&mut self.text, key);
        self.end_key(start);
    }

    /// None of them has what would have to be escaped. What is said of ours again counts instead of what was
    /// said before.
    fn begin_own(&mut self, key: &'static str) {
        let is_it = |member: &Member| member.own == Some(key);
        if let Some(at) = self.members.iter().position(is_it) {
            self.forget(at);
        }
        self.take_memory();
        self.text.extend_from_slice(b",\"");
        let start = self.text.len() - 1;
        self.text.extend_from_slice(key.as_bytes());
        self.text.extend_from_slice(b"\":");
        let end = self.text.len();
        self.members.push(Member {
            own: Some(key),
            ..Member::begun(start..end - 1)
        });
    }

    #[cold]
    fn forget(&mut self, at: usize) {
        let before = self.members.remove(at);
        let (start, end) = (before.key.start - 1, before.value.end);
        self.text.drain(start..end);
        for member in &mut self.members[at..] {
            for spot in [&mut member.key, &mut member.value] {
                *spot = spot.start - (end - start)..spot.end - (end - start);
            }
        }
    }

    /// The same, of a key in JSON.
    pub(in crate::event) fn begin_as_it_is(&mut self, key: &[u8]) {
        let start = self.begin_key();
        self.text.extend_from_slice(key);
        self.end_key(start);
    }

    fn begin_key(&mut self) -> usize {
        self.take_memory();
        self.text.push(b',');
        self.text.len()
    }

    fn end_key(&mut self, start: usize) {
        let key = start..self.text.len();
        self.text.push(b':');
        self.members.push(Member::begun(key));
    }

    #[inline]
    fn take_memory(&mut self) {
        if self.members.capacity() == 0 {
            (self.text, self.members) = (spare::text(), spare::members());
        }
    }

    /// Ends a field with a value in JSON.
    pub(in crate::event) fn end(&mut self, value: &[u8], size: usize) {
        self.text.extend_from_slice(value);
        self.ended(Written::unseen(size));
    }

    pub(super) fn ended(&mut self, written: Written) {
        let end = self.text.len();
        if let Some(member) = self.members.last_mut() {
            (member.value.end, member.size) = (end, written.size);
            member.is_harmless = written.is_harmless
                && (member.own.is_some() || member.has_harmless_name(&self.text));
        }
    }

    /// Has the key of the last field be another where it is not free.
    pub(super) fn free_last_key(&mut self) {
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

impl Member {
    #[inline(never)]
    fn has_harmless_name(&self, text: &[u8]) -> bool {
        is_harmless_name(&text[self.key.start + 1..self.key.end - 1])
    }

    /// With a value that has yet to be written, behind the key's colon.
    fn begun(key: Range<usize>) -> Self {
        let start = key.end + 1;
        Self {
            key,
            value: start..start,
            size: 0,
            most: usize::MAX,
            own: None,
            is_harmless: false,
        }
    }
}
