//! What is given a name that tells it: `password=…` in a connection string, `?api_key=…` in a URL,
//! `token: "…"` in the `Debug` of a struct.

use std::ops::Range;

use super::secrets::Text;

/// How names of secrets end, without `_` and `-`; and how long the secret is at least, so that
/// `token=none` stays.
const NAMES: [(&[u8], usize); 11] = [
    (b"password", 1),
    (b"passwd", 1),
    (b"pwd", 1),
    (b"secret", 8),
    (b"token", 8),
    (b"apikey", 8),
    (b"accesskey", 8),
    (b"accountkey", 8),
    (b"secretkey", 8),
    (b"privatekey", 8),
    (b"signature", LEAST_OF_SIGNATURE),
];
/// The one of a URL that is signed: too short to be but the end of a name.
const SIGNATURE: &[u8] = b"sig";

/// The value of `name=value`, in quotes or not, whose `=` is here.
pub(super) fn behind_equals(text: Text<'_>, equals: usize) -> Option<Range<usize>> {
    value_of(text, equals, equals + 1)
}

/// The same of `name = value`, which is no comparison.
pub(super) fn behind_spaced_equals(text: Text<'_>, equals: usize) -> Option<Range<usize>> {
    let before = &text.bytes[..equals];
    let end_of_name = before.iter().rposition(|byte| *byte != b' ')? + 1;
    let start = equals + 1 + text.run(equals + 1, |byte| byte == b' ').len();
    let is_comparison = text.bytes.get(equals + 1) == Some(&b'=');
    (!is_comparison).then(|| value_of(text, end_of_name, start))?
}

fn value_of(text: Text<'_>, end_of_name: usize, start: usize) -> Option<Range<usize>> {
    let least = least(&text.bytes[..end_of_name])?;
    match text.bytes.get(start) {
        Some(quote @ (b'"' | b'\'')) => quoted(text, start + 1, *quote, least),
        _ => long_enough(text, start, text.run(start, is_of_value), least),
    }
}

/// The value of `?pass=value`, as the URL of a socket has it: what else is named so may count what passed.
pub(super) fn in_query(text: Text<'_>, equals: usize) -> Option<Range<usize>> {
    let name = equals.checked_sub(PASS.len())?;
    let is_in_query = matches!(text.before(name), Some(b'?' | b'&')) && text.has(name, PASS);
    let value = is_in_query.then(|| text.run(equals + 1, is_of_value))?;
    long_enough(text, equals + 1, value, 1)
}

const PASS: &[u8] = b"pass";

/// The value of `name: "value"`, of `name: Some("value")`, of JSON or of a dict in Python, whose `:` is
/// here. Without quotes it is a sentence, as is what has a blank before the colon and no quotes before that.
pub(super) fn behind_colon(text: Text<'_>, colon: usize) -> Option<Range<usize>> {
    let quote = |at: usize| {
        let byte = text.bytes.get(at).copied();
        byte.filter(|byte| matches!(byte, b'"' | b'\''))
    };
    let end = text.bytes[..colon].iter().rposition(|byte| *byte != b' ')? + 1;
    let end_of_name = match quote(end - 1) {
        Some(_) => end - 1,
        None if end < colon => return None,
        None => end,
    };
    let least = least(&text.bytes[..end_of_name])?;
    let space = text.run(colon + 1, |byte| byte == b' ').len();
    let mut start = colon + 1 + space;
    if text.has(start, b"Some(") {
        start += b"Some(".len();
    }
    quoted(text, start + 1, quote(start)?, least)
}

fn quoted(text: Text<'_>, start: usize, quote: u8, least: usize) -> Option<Range<usize>> {
    let mut is_escaped = false;
    let rest = text.bytes[start..].iter();
    let inside = rest.take_while(|byte| {
        let goes_on = is_escaped || **byte != quote;
        is_escaped = **byte == b'\\' && !is_escaped;
        goes_on
    });
    let value = &text.bytes[start..start + inside.count()];
    long_enough(text, start, value, least)
}

fn long_enough(text: Text<'_>, start: usize, value: &[u8], least: usize) -> Option<Range<usize>> {
    let end = start + value.len();
    let is_enough = value.len() >= least || (text.is_cut_at(end) && !value.is_empty());
    is_enough.then_some(start..end)
}

/// How long the secret of the name that ends there is at least; none where it is no secret's.
pub(super) fn least(before: &[u8]) -> Option<usize> {
    // The longest of the names is shorter.
    let before = &before[before.len().saturating_sub(LONGEST_NAME)..];
    let mut letters = [0; LONGEST_NAME];
    let mut begin = LONGEST_NAME;
    for byte in before.iter().rev() {
        if byte.is_ascii_alphanumeric() {
            begin -= 1;
            letters[begin] = byte.to_ascii_lowercase();
        } else if !matches!(byte, b'_' | b'-') {
            break;
        }
    }
    let name = &letters[begin..];
    let known = NAMES.iter().find(|(end, _)| name.ends_with(end));
    let is_signature = || (name == SIGNATURE).then_some(LEAST_OF_SIGNATURE);
    known.map(|(_, least)| *least).or_else(is_signature)
}

const LEAST_OF_SIGNATURE: usize = 16;
const LONGEST_NAME: usize = 24;

fn is_of_value(byte: u8) -> bool {
    !(byte.is_ascii_whitespace() || byte.is_ascii_control() || b"&;,\"'`<>(){}|".contains(&byte))
}
