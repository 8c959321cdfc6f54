//! How much of what a stream says is kept.

use crate::event::cut_name;

/// Bytes of a message, or of an error.
pub(crate) const MOST_TEXT: usize = 16 * 1024;
pub(super) const MOST_PHASES: usize = 64;
pub(super) const MOST_EARLIER: usize = 8;

pub(super) fn text(text: String) -> String {
    cut(text, MOST_TEXT)
}

pub(super) fn name(name: String) -> String {
    match cut_name(&name).len() {
        length if length < name.len() => cut(name, length),
        _ => name,
    }
}

fn cut(mut text: String, most: usize) -> String {
    if text.len() > most {
        let end = (0..=most).rev().find(|end| text.is_char_boundary(*end));
        text.truncate(end.unwrap_or(0));
        text.shrink_to_fit();
    }
    text
}
