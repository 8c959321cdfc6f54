//! The message of progress. Mostly it comes alone, or with numbers, and is then an event's text as it is.

use std::fmt;

use super::fields::Fields;
use super::spare;
use super::value::{Written, write_text};
use crate::scrub::Scrub;

/// A message with its key, as it stands first in an event.
#[derive(Clone)]
pub(crate) struct Message {
    text: Vec<u8>,
    written: Written,
}

const KEY: &str = "progress";
const WRITTEN_KEY: &[u8] = br#","progress":"#;

impl Message {
    /// By a `Display` of the user's own; `or` where that has no text.
    pub(crate) fn of<T: fmt::Display + ?Sized>(message: &T, or: &str) -> Self {
        let mut text = spare::text();
        text.extend_from_slice(WRITTEN_KEY);
        let written = write_text(&mut text, message, Some(or));
        Self { text, written }
    }

    /// Whether nothing is to be taken out or cut, and `room` bytes are enough for it.
    pub(crate) fn is_left(&self, room: usize, scrub: &Scrub) -> bool {
        let text = &self.text[WRITTEN_KEY.len()..];
        let is_whole = self.written.size == text.len() && self.text.len() <= room;
        let is_harmless = self.written.is_harmless && !scrub.has_hooks();
        is_whole && (is_harmless || !scrub.may_change(text))
    }

    pub(crate) fn into_text(self) -> Vec<u8> {
        self.text
    }

    /// As the first of several fields.
    pub(crate) fn into_fields(self) -> Fields {
        Fields::from_alone(KEY, self.text, self.written)
    }
}
