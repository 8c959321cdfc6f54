//! The text of JSON that stands behind a secret's name, as serde writes the fields of a struct.

use super::assigned;
use super::header::{self, HEADER};
use super::json::Raw;
use crate::redacted::REDACTED;

/// Whether a string is to be taken out for the name before it.
pub(super) fn is_secret(string: &Raw<'_>) -> bool {
    let (name, value) = (string.name, string.inside);
    let Some(least) = least(name) else {
        return false;
    };
    let is_enough = value.len() >= least || (string.is_cut && !value.is_empty());
    // What is left of one is not taken for another.
    is_enough && value != REDACTED.as_bytes() && !may_be_word(name, value)
}

/// Whether the name that ends there is one of a secret.
pub(super) fn is_name(before: &[u8]) -> bool {
    // As what is given twice has it at its end.
    let is_letter = |byte: &u8| !matches!(byte, b'_' | b'-');
    let end = before.iter().rposition(is_letter).map_or(0, |at| at + 1);
    let [.., first, last] = &before[..end] else {
        return false;
    };
    // Nearly all names end in another way, and more is looked at of none of them.
    let end = [first | 0x20, last | 0x20];
    ENDS.contains(&&end) && least(before).is_some()
}

/// Of `password`, `pwd`, `secret`, `token`, `authorization`, `key`, `signature` and `sig`.
const ENDS: [&[u8; 2]; 8] = [b"rd", b"wd", b"et", b"en", b"on", b"ey", b"re", b"ig"];

fn least(name: &[u8]) -> Option<usize> {
    assigned::least(name).or_else(|| is_header(name).then_some(LEAST_OF_HEADER))
}

/// `Proxy-Authorization`, too. In a text its value has a form of its own.
fn is_header(name: &[u8]) -> bool {
    let start = name.len().saturating_sub(HEADER.len());
    name[start..].eq_ignore_ascii_case(HEADER)
}

const LEAST_OF_HEADER: usize = 8;

/// What is but a `token` may be one of a language model's.
fn may_be_word(name: &[u8], value: &[u8]) -> bool {
    let is_one = || value.is_ascii() && !value.contains(&b' ') && header::looks_random(value);
    name.eq_ignore_ascii_case(b"token") && !is_one()
}
