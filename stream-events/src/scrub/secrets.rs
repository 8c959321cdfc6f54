//! The secrets in a text, by what they look like.

use std::ops::Range;

use super::trigrams::{self, Hints, PLAIN};
use super::{assigned, header, token, url};

/// A text that is looked through.
#[derive(Clone, Copy)]
pub(super) struct Text<'a> {
    pub(super) bytes: &'a [u8],
    /// Whether it went on, so that a secret at its end need not be whole.
    pub(super) is_cut: bool,
}

/// Where the secrets of a text are, from left to right.
pub(super) struct Secrets<'a> {
    text: Text<'a>,
    at: usize,
    url: url::Span,
}

impl<'a> Secrets<'a> {
    pub(super) fn of(text: &'a str, is_cut: bool) -> Self {
        let bytes = text.as_bytes();
        Self {
            text: Text { bytes, is_cut },
            at: 0,
            url: url::Span::default(),
        }
    }

    fn judged(&mut self, at: usize, hints: Hints) -> Option<Range<usize>> {
        let text = self.text;
        let judge = |hint| match hint {
            trigrams::URL => self.url.credentials(text, at),
            trigrams::BEARER => header::bearer(text, at),
            trigrams::BASIC => header::basic(text, at),
            trigrams::JWT => token::jwt(text, at),
            trigrams::PEM => token::pem(text, at),
            trigrams::ASSIGNED => assigned::behind_equals(text, at + 2),
            trigrams::SPACED => assigned::behind_spaced_equals(text, at + 2),
            trigrams::NAMED => assigned::behind_colon(text, at + 1),
            trigrams::SPACED_NAMED => assigned::behind_colon(text, at + 2),
            trigrams::PASS => assigned::in_query(text, at + 2),
            kind => token::of_kind(kind, text, at),
        };
        let bits = (0..Hints::BITS).map(|bit| 1 << bit);
        bits.filter(|hint| hints & hint != 0).find_map(judge)
    }
}

impl Iterator for Secrets<'_> {
    type Item = Range<usize>;

    fn next(&mut self) -> Option<Range<usize>> {
        loop {
            let (place, hints) = PLAIN.next(self.text.bytes, self.at)?;
            let found = self.judged(place, hints);
            let found = found.filter(|found| found.start >= self.at);
            match found {
                Some(found) => {
                    self.at = found.end;
                    return Some(found);
                }
                None => self.at = place + 1,
            }
        }
    }
}

impl<'a> Text<'a> {
    /// The bytes from `at` on that are of this kind.
    pub(super) fn run(self, at: usize, is_of: impl Fn(u8) -> bool) -> &'a [u8] {
        let rest = self.bytes.get(at..).unwrap_or_default();
        let length = rest.iter().position(|byte| !is_of(*byte));
        &rest[..length.unwrap_or(rest.len())]
    }

    /// Whether what ends there may have been longer.
    pub(super) fn is_cut_at(self, end: usize) -> bool {
        self.is_cut && end == self.bytes.len()
    }

    /// Whether a word may begin there: none is in the middle of one.
    pub(super) fn begins_word(self, at: usize) -> bool {
        !self
            .before(at)
            .is_some_and(|byte| byte.is_ascii_alphanumeric())
    }

    pub(super) fn before(self, at: usize) -> Option<u8> {
        at.checked_sub(1).map(|before| self.bytes[before])
    }

    /// Whether this stands there, in capitals or not.
    pub(super) fn has(self, at: usize, word: &[u8]) -> bool {
        let there = self.bytes.get(at..at + word.len());
        there.is_some_and(|there| there.eq_ignore_ascii_case(word))
    }
}
