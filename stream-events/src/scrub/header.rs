//! What stands behind `Bearer` and `Basic`, as in the header `Authorization`.

use std::ops::Range;

use super::secrets::Text;

pub(super) fn bearer(text: Text<'_>, at: usize) -> Option<Range<usize>> {
    let token = behind(text, at, b"bearer")?;
    let is_secret = looks_random(&text.bytes[token.clone()]);
    (is_secret || is_told(text, at) || text.is_cut_at(token.end)).then_some(token)
}

pub(super) fn basic(text: Text<'_>, at: usize) -> Option<Range<usize>> {
    let token = behind(text, at, b"basic")?;
    let is_secret = holds_colon(&text.bytes[token.clone()]);
    (is_secret || is_told(text, at) || text.is_cut_at(token.end)).then_some(token)
}

/// The token behind a word and a space.
fn behind(text: Text<'_>, at: usize, word: &[u8]) -> Option<Range<usize>> {
    if !text.begins_word(at) || !text.has(at, word) {
        return None;
    }
    let space = text.run(at + word.len(), |byte| matches!(byte, b' ' | b'\t'));
    let start = at + word.len() + space.len();
    let is_of_token = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=:".contains(&byte);
    let token = text.run(start, is_of_token);
    (!space.is_empty() && !token.is_empty()).then_some(start..start + token.len())
}

/// Whether the header is named, so that there is no doubt.
fn is_told(text: Text<'_>, at: usize) -> bool {
    let before = &text.bytes[at.saturating_sub(HEADER.len() + 4)..at];
    let mut places = before.windows(HEADER.len());
    places.any(|place| place.eq_ignore_ascii_case(HEADER))
}

/// What follows in a sentence, `bearer authentication`, is small letters.
pub(super) fn looks_random(token: &[u8]) -> bool {
    let is_odd = |byte: &u8| byte.is_ascii_digit() || b"_+=~".contains(byte);
    let is_mixed = token.iter().any(is_odd) || token[1..].iter().any(u8::is_ascii_uppercase);
    (token.len() >= 4 && is_mixed) || token.len() >= LONGEST_WORD
}

pub(super) const HEADER: &[u8] = b"authorization";
const LONGEST_WORD: usize = 24;

/// Whether it is the base64 of a user, a colon and a password.
fn holds_colon(token: &[u8]) -> bool {
    let (mut bits, mut count) = (0_u32, 0);
    for byte in token {
        let six = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => break,
        };
        bits = bits << 6 | u32::from(six);
        count += 6;
        if count >= 8 {
            count -= 8;
            if (bits >> count) as u8 == b':' {
                return true;
            }
        }
    }
    false
}
