//! Whether an event or a job is what terms say.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::cmp::Ordering;
use std::time::SystemTime;

use super::key::Key;
use super::known::{Known, Sort};
use super::number::Number;
use super::pattern::Pattern;
use super::term::{Is, Term, Value};
use super::text::Text;
use super::wanted::Wanted;
use super::work::Work;
use crate::Status;

/// What a query is about. What it has not is none, and no term but a negated one holds for that.
pub(super) trait Subject<'s> {
    /// What words are looked for in.
    const WORDS: &'static [Known];
    /// Where words are looked for too, as it has nothing else.
    fn whole(&self) -> Option<&'s str>;
    fn text(&self, key: Known) -> Option<Cow<'s, str>>;
    /// Lengths of time are milliseconds.
    fn number(&self, key: Known) -> Option<Number>;
    fn time(&self, key: Known) -> Option<SystemTime>;
    fn status(&self) -> Status;
    /// A member as its JSON, which is right.
    fn member(&self, name: &str) -> Option<&'s str>;
}

/// A subject, of which nothing is read before a term asks for it, and nothing twice.
pub(super) struct Seen<'q, 's, S> {
    subject: S,
    wanted: &'q Wanted,
    work: &'q Work,
    now: SystemTime,
    /// Of each wanted key.
    facts: Vec<Fact<'s>>,
    whole: OnceCell<Option<Text<'s>>>,
    /// The terms about fields that hold, each by its bit.
    fields: OnceCell<u64>,
}

#[derive(Default)]
struct Fact<'s> {
    text: OnceCell<Option<Text<'s>>>,
    number: OnceCell<Option<Number>>,
}

impl<'q, 's, S: Subject<'s>> Seen<'q, 's, S> {
    pub(super) fn new(subject: S, wanted: &'q Wanted, now: SystemTime, work: &'q Work) -> Self {
        let facts = wanted.keys.iter().map(|_| Fact::default());
        Self {
            subject,
            wanted,
            work,
            now,
            facts: facts.collect(),
            whole: OnceCell::new(),
            fields: OnceCell::new(),
        }
    }

    pub(super) fn is(&self, term: &Term) -> bool {
        self.work.add(1);
        let Term { key, is, value, .. } = term;
        match (key, value) {
            (Key::Words, Value::Text(pattern)) => self.has_words(pattern),
            (Key::Words, _) => false,
            (Key::Field(_), _) => self.fields() & term.bit() != 0,
            (Key::Known(known), value) => self.is_known(*known, *is, value),
        }
    }

    fn is_known(&self, known: Known, is: Is, value: &Value) -> bool {
        match value {
            Value::Text(pattern) | Value::Literal(pattern, _) => {
                let text = self.text(known);
                text.is_some_and(|text| self.is_text(text, known.sort(), is, pattern))
            }
            Value::Any => self.number(known).is_some(),
            Value::Number(_, number) | Value::Length(_, number) => {
                let found = self.number(known);
                found.is_some_and(|found| is.holds(found.cmp(number)))
            }
            Value::Time(time) => {
                let (found, time) = (self.subject.time(known), time.from(self.now));
                found.is_some_and(|found| is_time(found, known, is, time))
            }
            Value::Status(status) => self.subject.status() == *status,
        }
    }

    fn is_text(&self, text: &Text<'_>, sort: Sort, is: Is, pattern: &Pattern) -> bool {
        match (is, sort) {
            (Is::Like, Sort::Text) => pattern.is_in(text, self.work),
            (Is::Like, _) => pattern.is_whole(text, self.work),
            _ => text.plain() == pattern.text(),
        }
    }

    fn has_words(&self, pattern: &Pattern) -> bool {
        let whole = || {
            let whole = self.subject.whole();
            whole.map(|whole| Text::new(Cow::Borrowed(whole)))
        };
        let mut texts = S::WORDS.iter().filter_map(|known| self.text(*known));
        texts.any(|text| pattern.is_in(text, self.work))
            || (self.whole.get_or_init(whole).as_ref())
                .is_some_and(|whole| pattern.is_in(whole, self.work))
    }

    fn text(&self, key: Known) -> Option<&Text<'s>> {
        let read = || self.subject.text(key).map(Text::new);
        self.fact(key)?.text.get_or_init(read).as_ref()
    }

    fn number(&self, key: Known) -> Option<&Number> {
        let read = || self.subject.number(key);
        self.fact(key)?.number.get_or_init(read).as_ref()
    }

    fn fact(&self, key: Known) -> Option<&Fact<'s>> {
        let mut keys = self.wanted.keys.iter();
        self.facts.get(keys.position(|known| *known == key)?)
    }

    fn fields(&self) -> u64 {
        let held = || {
            let member = |name: &str| self.subject.member(name);
            self.wanted.fields.held(member, self.work)
        };
        *self.fields.get_or_init(held)
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
