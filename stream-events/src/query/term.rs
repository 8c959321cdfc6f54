//! One condition: a key, an operator and a value, or words by themselves.

use std::fmt;

use super::behind::{Behind, literal};
use super::key::Key;
use super::lexer::{Char, Word};
use super::mistake::Wrong;
use super::number::Number;
use super::pattern::Pattern;
use super::time::{self, Time};
use super::written;
use crate::Status;

/// What is said of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Term {
    pub(super) key: Key,
    pub(super) is: Is,
    pub(super) value: Value,
    /// Its place among the terms of its query, from 0.
    pub(super) number: u32,
}

/// The operators; `!=` is the negation of `=`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Is {
    /// `:`
    Like,
    /// `=`
    Equal,
    Less,
    LessOrEqual,
    More,
    MoreOrEqual,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    /// `*`: that there is one.
    Any,
    Text(Pattern),
    /// A bare number, true, false or null, which is that value of JSON as well as the text.
    Literal(Pattern, Literal),
    Number(String, Number),
    /// Of time, in milliseconds.
    Length(u64, Number),
    Time(Time),
    Status(Status),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Literal {
    Number(Number),
    Word(&'static str),
}

/// Those of which another is the beginning first.
const OPERATORS: [(&str, Option<Is>); 7] = [
    ("!=", None),
    (">=", Some(Is::MoreOrEqual)),
    ("<=", Some(Is::LessOrEqual)),
    (":", Some(Is::Like)),
    ("=", Some(Is::Equal)),
    (">", Some(Is::More)),
    ("<", Some(Is::Less)),
];

impl Term {
    /// What a word says, and whether it is negated by its operator.
    pub(super) fn of(word: &Word) -> Result<(Self, bool), Wrong> {
        let Some((at, operator, is)) = operator(&word.chars) else {
            let value = Value::Text(Pattern::of(&word.chars));
            return Ok((Self::new(Key::Words, Is::Like, value), false));
        };
        let (before, behind) = word.chars.split_at(at);
        let value = behind.get(operator.len()..).unwrap_or_default();
        let place = behind.first().map_or(word.end, |first| first.at);
        if before.is_empty() {
            let what = format!(
                "a key is expected right before `{operator}`, such as `percent>50`; text with such a sign in it is quoted"
            );
            return Err(Wrong::at(place, what));
        }
        let key = Key::of(before, word.at)?;
        let value = Behind {
            key: &key,
            operator,
            chars: value,
            at: place + operator.len(),
            is_quoted: word.quotes.iter().any(|quote| *quote >= place),
        };
        let (is, is_negated) = (is.unwrap_or(Is::Equal), is.is_none());
        value.check(is, place)?;
        let value = value.read(is)?;
        Ok((Self::new(key, is, value), is_negated))
    }

    fn new(key: Key, is: Is, value: Value) -> Self {
        let number = 0;
        Self {
            key,
            is,
            value,
            number,
        }
    }

    /// What it has in a set of a query's terms: there are 64 at most.
    pub(super) fn bit(&self) -> u64 {
        1_u64.checked_shl(self.number).unwrap_or(0)
    }
}

/// Where the first bare operator is.
fn operator(chars: &[Char]) -> Option<(usize, &'static str, Option<Is>)> {
    (0..chars.len()).find_map(|at| {
        let begins = |operator: &str| {
            let mut here = chars[at..].iter();
            let is_next = |c| here.next().is_some_and(|char| char.is(c));
            operator.chars().all(is_next)
        };
        let found = OPERATORS.iter().find(|(operator, _)| begins(operator));
        found.map(|(operator, is)| (at, *operator, *is))
    })
}

impl fmt::Display for Is {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut operators = OPERATORS.iter();
        let operator = operators.find(|(_, is)| *is == Some(*self));
        f.write_str(operator.map_or("", |(operator, _)| operator))
    }
}

impl Term {
    /// As it is read back, also with another operator.
    pub(super) fn write(
        &self,
        f: &mut fmt::Formatter<'_>,
        operator: impl fmt::Display,
    ) -> fmt::Result {
        let Self { key, value, .. } = self;
        match (key, value) {
            (Key::Words, Value::Text(pattern)) => pattern.write(f, written::words),
            // Bare, it were no text.
            (Key::Field(_), Value::Text(text))
                if !text.has_stars() && literal(text.text()).is_some() =>
            {
                write!(f, "{key}{operator}")?;
                written::quoted(f, text.text())
            }
            _ => write!(f, "{key}{operator}{value}"),
        }
    }
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, self.is)
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("*"),
            Self::Text(pattern) | Self::Literal(pattern, _) => pattern.write(f, written::value),
            Self::Number(written, _) => f.write_str(written),
            Self::Length(millis, _) => f.write_str(&time::written(*millis)),
            Self::Time(time) => fmt::Display::fmt(time, f),
            Self::Status(status) => f.write_str(status.as_str()),
        }
    }
}
