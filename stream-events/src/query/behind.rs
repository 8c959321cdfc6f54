//! A term's value: what its key takes behind its operator.

use super::key::Key;
use super::known::{Known, Sort};
use super::lexer::Char;
use super::mistake::{Wrong, quoted};
use super::number::Number;
use super::pattern::Pattern;
use super::status;
use super::term::{Is, Literal, Value};
use super::time::{self, Time};

/// What stands behind a key.
pub(super) struct Behind<'q> {
    pub(super) key: &'q Key,
    pub(super) operator: &'static str,
    pub(super) chars: &'q [Char],
    pub(super) at: usize,
    pub(super) is_quoted: bool,
}

impl Behind<'_> {
    /// Whether the key takes the operator, and there is a value.
    pub(super) fn check(&self, is: Is, place: usize) -> Result<(), Wrong> {
        let Self { key, operator, .. } = self;
        let taken = match self.sort() {
            None | Some(Sort::Number | Sort::Length) => "",
            Some(Sort::Name | Sort::Text | Sort::Status) if matches!(is, Is::Like | Is::Equal) => {
                ""
            }
            Some(Sort::Name | Sort::Text | Sort::Status) => "`:`, `=` or `!=`",
            Some(Sort::Side) if *operator == ":" => "",
            Some(Sort::Side) => "`:`",
            Some(Sort::Time) if !matches!(is, Is::Like | Is::Equal) => "",
            Some(Sort::Time) => "`>`, `>=`, `<` or `<=`",
        };
        if !taken.is_empty() {
            let what = format!("{taken} is expected behind `{key}`, and it is `{operator}`");
            return Err(Wrong::at(place, what));
        }
        let sign = self
            .chars
            .first()
            .filter(|first| !first.is_quoted && ":=<>!".contains(first.c));
        match sign {
            Some(sign) => {
                let what = format!(
                    "a value is expected behind `{key}{operator}`, and it is `{}`; one operator is enough, and a text that begins with one is quoted",
                    sign.c
                );
                Err(Wrong::at(sign.at, what))
            }
            None if self.chars.is_empty() && !self.is_quoted => {
                let what = format!(
                    "a value is expected right behind `{key}{operator}`, such as `{key}{operator}{}`",
                    self.example()
                );
                Err(Wrong::at(self.at, what))
            }
            None => Ok(()),
        }
    }

    pub(super) fn read(&self, is: Is) -> Result<Value, Wrong> {
        let pattern = match is {
            Is::Like => Pattern::of(self.chars),
            _ => Pattern::literal(self.chars),
        };
        let text = pattern.text();
        let value = match self.sort() {
            None if pattern.is_star() => Some(Value::Any),
            None => Some(match self.literal(&pattern) {
                Some(literal) => Value::Literal(pattern, literal),
                None => Value::Text(pattern),
            }),
            Some(Sort::Name | Sort::Text) => Some(Value::Text(pattern)),
            Some(Sort::Number | Sort::Length) if pattern.is_star() => Some(Value::Any),
            _ if pattern.has_stars() => None,
            Some(Sort::Number) => {
                Number::of(text).map(|number| Value::Number(text.to_owned(), number))
            }
            Some(Sort::Length) => time::millis(text).and_then(|millis| {
                let number = Number::of(&millis.to_string())?;
                Some(Value::Length(millis, number))
            }),
            Some(Sort::Side | Sort::Time) => Time::of(text).map(Value::Time),
            Some(Sort::Status) => status::read(text).map(Value::Status),
        };
        value.ok_or_else(|| self.wrong())
    }

    fn literal(&self, pattern: &Pattern) -> Option<Literal> {
        if self.is_quoted || pattern.has_stars() {
            return None;
        }
        literal(pattern.text())
    }

    fn wrong(&self) -> Wrong {
        let text: String = self.chars.iter().map(|char| char.c).collect();
        let found = quoted(&text);
        let Self { key, .. } = self;
        let what = match self.sort() {
            Some(Sort::Number) => {
                format!("a number is expected for `{key}`, such as `50`, and it is {found}")
            }
            Some(Sort::Length) => format!(
                "a length of time is expected for `{key}`, such as `90s`, `1m30s` or `250ms`, and it is {found}; units are ms, s, m, h and d"
            ),
            Some(Sort::Status) => status::expected(&text, &found),
            _ => format!(
                "a time is expected for `{key}`, such as `2026-11-23`, `2026-11-23T20:23:45Z`, or `-1h` for an hour ago, and it is {found}"
            ),
        };
        Wrong::at(self.at, what)
    }

    /// None where the key is a field of the user's own.
    fn sort(&self) -> Option<Sort> {
        match self.key {
            Key::Known(known) => Some(known.sort()),
            Key::Field(_) => None,
            Key::Words => Some(Sort::Text),
        }
    }

    fn example(&self) -> &'static str {
        match (self.key, self.sort()) {
            (Key::Known(Known::Type), _) => "task_failed",
            (_, None | Some(Sort::Number)) => "7",
            // A star is one to `:` alone.
            (_, Some(Sort::Name)) if self.operator == ":" => "outline*",
            (_, Some(Sort::Name)) => "outline",
            (_, Some(Sort::Text)) => "\"timed out\"",
            (_, Some(Sort::Length)) => "90s",
            (_, Some(Sort::Side | Sort::Time)) => "-1h",
            (_, Some(Sort::Status)) => "failed",
        }
    }
}

/// What of JSON a bare text is.
pub(super) fn literal(text: &str) -> Option<Literal> {
    let word = ["true", "false", "null"]
        .into_iter()
        .find(|word| *word == text);
    word.map(Literal::Word)
        .or_else(|| Number::of(text).map(Literal::Number))
}
