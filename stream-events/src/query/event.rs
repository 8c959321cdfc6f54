//! An event as a query looks at it.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::time::SystemTime;

use serde_json::value::RawValue;

use super::json;
use super::known::Known;
use super::matching::Subject;
use super::number::Number;
use super::path::Path;
use super::status;
use crate::event::find;
use crate::{Event, Status};

/// Its `data` is taken apart once, and not before a term asks for it.
pub(super) struct OfEvent<'e> {
    event: &'e Event,
    /// The members of `data` that the query asks for.
    names: &'e [&'e str],
    data: &'e OnceCell<Cow<'e, str>>,
    members: OnceCell<Option<Members<'e>>>,
}

type Members<'e> = Vec<Option<&'e RawValue>>;

impl<'e> OfEvent<'e> {
    pub(super) fn new(
        event: &'e Event,
        names: &'e [&'e str],
        data: &'e OnceCell<Cow<'e, str>>,
    ) -> Self {
        let members = OnceCell::new();
        Self {
            event,
            names,
            data,
            members,
        }
    }

    fn data(&self) -> &'e str {
        self.data.get_or_init(|| self.event.data())
    }

    /// None where `data` is no JSON object.
    fn members(&self) -> Option<&Members<'e>> {
        let find = || {
            let mut found = vec![None; self.names.len()];
            find(self.data(), self.names, &mut found).then_some(found)
        };
        self.members.get_or_init(find).as_ref()
    }

    fn member(&self, name: &str) -> Option<&'e RawValue> {
        let at = self.names.iter().position(|known| *known == name)?;
        *self.members()?.get(at)?
    }
}

impl Subject for OfEvent<'_> {
    fn any_text(&self, is_so: &dyn Fn(&str) -> bool) -> bool {
        let mut texts = TEXTS.iter().filter_map(|known| self.text(*known));
        texts.any(|text| is_so(&text)) || (self.members().is_none() && is_so(self.data()))
    }

    fn text(&self, key: Known) -> Option<Cow<'_, str>> {
        match key {
            Known::Type => Some(Cow::Borrowed(self.event.event_type().as_str())),
            key => json::text(self.member(key.member())?.get()),
        }
    }

    fn number(&self, key: Known) -> Option<Number> {
        Number::of(self.member(key.member())?.get())
    }

    fn time(&self, key: Known) -> Option<SystemTime> {
        matches!(key, Known::After | Known::Before).then(|| self.event.timestamp())
    }

    fn status(&self) -> Status {
        status::of_event(self.event)
    }

    fn any_field(&self, path: &Path, is_so: &mut dyn FnMut(&str) -> bool) -> bool {
        let first = self.member(path.first());
        first.is_some_and(|first| path.any(first.get(), is_so))
    }
}

/// What words are looked for in.
pub(super) const TEXTS: [Known; 4] = [Known::Type, Known::Progress, Known::Message, Known::Error];
