//! Whether a value of JSON is what terms say: numbers as numbers, texts as texts.

use std::borrow::Cow;
use std::cell::OnceCell;

use super::number::Number;
use super::pattern::Pattern;
use super::term::{Is, Literal, Value};
use super::text::Text;
use super::work::Work;
use crate::event::text;

/// A value that was found, read once for all the terms that look at it.
pub(super) struct Found<'j> {
    json: &'j str,
    text: OnceCell<Text<'j>>,
    number: OnceCell<Option<Number>>,
}

impl<'j> Found<'j> {
    /// Of an object and an array, the first sign is enough.
    pub(super) fn new(json: &'j str) -> Self {
        Self {
            json,
            text: OnceCell::new(),
            number: OnceCell::new(),
        }
    }

    pub(super) fn is(&self, is: Is, value: &Value, work: &Work) -> bool {
        work.add(1);
        match (value, self.json.as_bytes().first()) {
            (Value::Any, _) => self.json != "null",
            (Value::Text(pattern) | Value::Literal(pattern, _), Some(b'"')) => {
                // One that compares to a number is none.
                let is_text = matches!(value, Value::Text(_)) || matches!(is, Is::Like | Is::Equal);
                is_text && self.is_string(is, pattern, work)
            }
            (_, Some(b'{' | b'[')) => false,
            (Value::Literal(_, Literal::Number(number)), _) => {
                let found = self.number(work);
                found.is_some_and(|found| is.holds(found.cmp(number)))
            }
            (Value::Literal(_, Literal::Word(word)), _) => {
                matches!(is, Is::Like | Is::Equal) && self.json == *word
            }
            (Value::Text(pattern), _) => {
                pattern.has_stars()
                    && self.json != "null"
                    && pattern.is_whole(self.text(work), work)
            }
            _ => false,
        }
    }

    fn is_string(&self, is: Is, pattern: &Pattern, work: &Work) -> bool {
        let text = self.text(work);
        match is {
            Is::Like => pattern.is_whole(text, work),
            _ => is.holds(text.plain().cmp(pattern.text())),
        }
    }

    fn text(&self, work: &Work) -> &Text<'j> {
        self.text.get_or_init(|| {
            work.add(self.json.len());
            Text::new(string(self.json))
        })
    }

    fn number(&self, work: &Work) -> Option<&Number> {
        let read = || {
            work.add(self.json.len());
            Number::of(self.json)
        };
        self.number.get_or_init(read).as_ref()
    }
}

/// The text of a value: a string's own, and of others the JSON; none of null.
pub(super) fn text_of(json: &str) -> Option<Cow<'_, str>> {
    (json != "null").then(|| string(json))
}

fn string(json: &str) -> Cow<'_, str> {
    text::lossy(json).unwrap_or(Cow::Borrowed(json))
}
