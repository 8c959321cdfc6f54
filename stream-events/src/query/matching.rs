//! Whether an event or a job is what a term says.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::time::SystemTime;

use super::json;
use super::key::Key;
use super::known::{Known, Sort};
use super::number::Number;
use super::path::Path;
use super::pattern::Pattern;
use super::term::{Is, Term, Value};
use crate::Status;

/// What a query is about. What it has not is none, and no term but a negated one holds for that.
pub(super) trait Subject {
    /// Whether one of the texts that words are looked for in is so.
    fn any_text(&self, is_so: &dyn Fn(&str) -> bool) -> bool;
    fn text(&self, key: Known) -> Option<Cow<'_, str>>;
    /// Lengths of time are milliseconds.
    fn number(&self, key: Known) -> Option<Number>;
    fn time(&self, key: Known) -> Option<SystemTime>;
    fn status(&self) -> Status;
    /// Whether one of the values at this place is so, each as its JSON.
    fn any_field(&self, path: &Path, is_so: &mut dyn FnMut(&str) -> bool) -> bool;
}

pub(super) fn is(subject: &impl Subject, term: &Term, now: SystemTime) -> bool {
    let Term { key, is, value } = term;
    let known = match key {
        Key::Words => {
            let Value::Text(pattern) = value else {
                return false;
            };
            return subject.any_text(&|text| pattern.is_in(text));
        }
        Key::Field(path) => return subject.any_field(path, &mut |json| json::is(json, *is, value)),
        Key::Known(known) => *known,
    };
    match value {
        Value::Text(pattern) | Value::Literal(pattern, _) => {
            let text = subject.text(known);
            text.is_some_and(|text| is_text(&text, known.sort(), *is, pattern))
        }
        Value::Any => subject.number(known).is_some(),
        Value::Number(_, number) | Value::Length(_, number) => {
            let found = subject.number(known);
            found.is_some_and(|found| is.holds(found.cmp(number)))
        }
        Value::Time(time) => {
            let (found, time) = (subject.time(known), time.from(now));
            found.is_some_and(|found| is_time(found, known, *is, time))
        }
        Value::Status(status) => subject.status() == *status,
    }
}

fn is_text(text: &str, sort: Sort, is: Is, pattern: &Pattern) -> bool {
    match (is, sort) {
        (Is::Like, Sort::Text) => pattern.is_in(text),
        (Is::Like, _) => pattern.is_whole(text),
        _ => text == pattern.text(),
    }
}

/// `after` has its own time, and `before` has not, so that of two spans that meet, one has it.
fn is_time(found: SystemTime, key: Known, is: Is, time: SystemTime) -> bool {
    match key {
        Known::After => found >= time,
        Known::Before => found < time,
        _ => is.holds(found.cmp(&time)),
    }
}

impl Is {
    /// Whether what compares like this to the value is so.
    pub(super) fn holds(self, order: Ordering) -> bool {
        match self {
            Self::Like | Self::Equal => order.is_eq(),
            Self::Less => order.is_lt(),
            Self::LessOrEqual => order.is_le(),
            Self::More => order.is_gt(),
            Self::MoreOrEqual => order.is_ge(),
        }
    }
}
