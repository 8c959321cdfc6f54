//! An event as a query looks at it.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::time::SystemTime;

use serde_json::value::RawValue;

use super::found::text_of;
use super::known::Known;
use super::matching::Subject;
use super::number::Number;
use super::status;
use super::wanted::Wanted;
use super::work::Work;
use crate::event::find;
use crate::{Event, Status};

/// Its `data` is taken apart once, and not before a term asks for it.
pub(super) struct OfEvent<'e> {
    event: &'e Event,
    wanted: &'e Wanted,
    work: &'e Work,
    data: &'e OnceCell<Cow<'e, str>>,
    members: OnceCell<Option<Members<'e>>>,
}

/// Those that are wanted, each in its place.
type Members<'e> = Vec<Option<&'e RawValue>>;

impl<'e> OfEvent<'e> {
    pub(super) fn new(
        event: &'e Event,
        wanted: &'e Wanted,
        work: &'e Work,
        data: &'e OnceCell<Cow<'e, str>>,
    ) -> Self {
        let members = OnceCell::new();
        Self {
            event,
            wanted,
            work,
            data,
            members,
        }
    }

    fn data(&self) -> &'e str {
        self.data.get_or_init(|| {
            let data = self.event.data();
            self.work.add(data.len());
            data
        })
    }

    /// None where `data` is no JSON object.
    fn members(&self) -> Option<&Members<'e>> {
        let find = || {
            let data = self.data();
            self.work.add(data.len());
            let mut found = vec![None; self.wanted.members.len()];
            find(data, |name| self.wanted.place(name), &mut found).then_some(found)
        };
        self.members.get_or_init(find).as_ref()
    }
}

impl<'e> Subject<'e> for OfEvent<'e> {
    const WORDS: &'static [Known] = &WORDS;

    fn whole(&self) -> Option<&'e str> {
        self.members().is_none().then(|| self.data())
    }

    fn text(&self, key: Known) -> Option<Cow<'e, str>> {
        let text = match key {
            Known::Type => Cow::Borrowed(self.event.event_type().as_str()),
            key => text_of(self.member(key.member())?)?,
        };
        self.work.add(text.len());
        Some(text)
    }

    fn number(&self, key: Known) -> Option<Number> {
        let json = self.member(key.member())?;
        self.work.add(json.len());
        Number::of(json)
    }

    fn time(&self, key: Known) -> Option<SystemTime> {
        matches!(key, Known::After | Known::Before).then(|| self.event.timestamp())
    }

    fn status(&self) -> Status {
        status::of_event(self.event)
    }

    fn member(&self, name: &str) -> Option<&'e str> {
        let place = self.wanted.place(name)?;
        let member: &'e RawValue = (*self.members()?.get(place)?)?;
        Some(member.get())
    }
}

/// What words are looked for in.
pub(super) const WORDS: [Known; 4] = [Known::Type, Known::Progress, Known::Message, Known::Error];
