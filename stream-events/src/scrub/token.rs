//! Keys and tokens that tell by how they begin what they are.

use std::ops::Range;

use super::secrets::Text;
use super::trigrams::{self, Hints};

/// How a kind of token begins, and how long it is behind that at least.
struct Kind {
    hint: Hints,
    prefix: &'static [u8],
    /// How far into the prefix the hint is.
    hint_at: usize,
    least: usize,
}

const fn kind(hint: Hints, hint_at: usize, prefix: &'static [u8], least: usize) -> Kind {
    Kind {
        hint,
        prefix,
        hint_at,
        least,
    }
}

const KINDS: [Kind; 23] = [
    kind(trigrams::AWS_OR_GOOGLE, 0, b"AKIA", 16),
    kind(trigrams::AWS_OR_GOOGLE, 0, b"ASIA", 16),
    kind(trigrams::AWS_OR_GOOGLE, 0, b"AIza", 35),
    kind(trigrams::GIT, 1, b"ghp_", 20),
    kind(trigrams::GIT, 1, b"gho_", 20),
    kind(trigrams::GIT, 1, b"ghu_", 20),
    kind(trigrams::GIT, 1, b"ghs_", 20),
    kind(trigrams::GIT, 1, b"ghr_", 20),
    kind(trigrams::GITLAB, 3, b"glpat-", 20),
    kind(trigrams::GITHUB_PAT, 5, b"github_pat_", 20),
    kind(trigrams::SLACK, 2, b"xoxa-", 10),
    kind(trigrams::SLACK, 2, b"xoxb-", 10),
    kind(trigrams::SLACK, 2, b"xoxp-", 10),
    kind(trigrams::SLACK, 2, b"xoxr-", 10),
    kind(trigrams::SLACK, 2, b"xoxs-", 10),
    kind(trigrams::SLACK, 2, b"xapp-", 10),
    kind(trigrams::STRIPE, 1, b"sk_live_", 10),
    kind(trigrams::STRIPE, 1, b"rk_live_", 10),
    kind(trigrams::STRIPE, 1, b"sk_test_", 10),
    kind(trigrams::STRIPE, 1, b"rk_test_", 10),
    kind(trigrams::AI, 0, b"sk-", 20),
    kind(trigrams::HUB, 0, b"hf_", 30),
    kind(trigrams::HUB, 1, b"npm_", 30),
];

pub(super) fn of_kind(hint: Hints, text: Text<'_>, at: usize) -> Option<Range<usize>> {
    let kinds = KINDS.iter().filter(|kind| kind.hint == hint);
    kinds.filter_map(|kind| kind.token(text, at)).next()
}

impl Kind {
    fn token(&self, text: Text<'_>, at: usize) -> Option<Range<usize>> {
        let start = at.checked_sub(self.hint_at)?;
        if !text.bytes[start..].starts_with(self.prefix) || !text.begins_word(start) {
            return None;
        }
        let behind = start + self.prefix.len();
        let seen = &text.bytes[..text.bytes.len().min(behind + LOOKED_AT)];
        let head = Text {
            bytes: seen,
            ..text
        }
        .run(behind, is_of_word);
        let is_token = head.len() >= self.least && self.looks_like(head);
        let may_be = || text.is_cut_at(behind + head.len());
        (is_token || may_be()).then(|| start..behind + text.run(behind, is_of_word).len())
    }

    /// `sk-` alone might begin a name.
    fn looks_like(&self, token: &[u8]) -> bool {
        let has = |is_of: fn(&u8) -> bool| token.iter().any(is_of);
        self.hint != trigrams::AI || (has(u8::is_ascii_digit) && has(u8::is_ascii_uppercase))
    }
}

/// Bytes of a token by which it is told from a name: one may be as long as the text, and have the
/// beginnings of others within.
const LOOKED_AT: usize = 128;

/// A signed token: two parts of base64 at least, of which the first begins as JSON does.
pub(super) fn jwt(text: Text<'_>, at: usize) -> Option<Range<usize>> {
    let is_of_jwt = |byte| is_of_word(byte) || byte == b'.';
    // So that what was looked through once is not again.
    if text.before(at).is_some_and(is_of_jwt) {
        return None;
    }
    let token = text.run(at, is_of_jwt);
    let end = at + token.len();
    let mut parts = token.split(|byte| *byte == b'.').map(<[u8]>::len);
    let is_token = parts.next() >= Some(10) && parts.next() >= Some(8);
    (is_token || text.is_cut_at(end)).then_some(at..end)
}

/// A private key in PEM, or what there is of it.
pub(super) fn pem(text: Text<'_>, at: usize) -> Option<Range<usize>> {
    let start = at.checked_sub(4)?;
    if !text.bytes[start..].starts_with(b"-----BEGIN ") {
        return None;
    }
    let label = text.run(at + 1, |byte| byte != b'-');
    let body = at + 1 + label.len();
    let is_private = label.len() <= LONGEST_LABEL && label.ends_with(b"PRIVATE KEY");
    let end = || end_of_pem(&text.bytes[body..]).map_or(text.bytes.len(), |end| body + end);
    is_private.then(|| start..end())
}

fn end_of_pem(body: &[u8]) -> Option<usize> {
    const END: &[u8] = b"-----END ";
    let end = body.windows(END.len()).position(|place| place == END)? + END.len();
    let dashes = body[end..].iter().position(|byte| *byte == b'-')? + end;
    let behind = body[dashes..].iter().take_while(|byte| **byte == b'-');
    Some(dashes + behind.count())
}

const LONGEST_LABEL: usize = 40;

fn is_of_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}
