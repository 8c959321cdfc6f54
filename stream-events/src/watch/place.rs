//! Where on its stream a watch begins.

use super::Sequence;
use super::absence::is_anew;
use crate::past;
use crate::reader::page::FIRST_PAGE;
use crate::store::{Class, Connection, Fault};
use crate::{Event, EventId};

/// What stands around the event that a watch begins after.
#[derive(Default)]
pub(super) struct Place {
    /// Up to that event, oldest first: what is not the run's own, such as that it was lost, does not say
    /// where its run was.
    seen: Vec<Event>,
    /// The stream's newest that says how the job stands.
    newest: Option<Event>,
    /// Whether nothing is behind it but the end that has been seen.
    pub(super) is_end: bool,
    /// Whether that event is the last of these.
    has_it: bool,
    /// Whether neither that event is left nor any before it.
    is_gone: bool,
    /// Whether there is no such stream.
    is_absent: bool,
    /// Whether there is one that cannot have had that event.
    pub(super) is_anew: bool,
}

impl Place {
    pub(super) async fn find(
        connection: &dyn Connection,
        key: &str,
        after: EventId,
    ) -> Result<Self, Fault> {
        if after == EventId::ZERO {
            return Ok(Self::default());
        }
        // First what was seen, as it may be trimmed at any time.
        let seen = connection
            .tail(key, EventId::ZERO, after, FIRST_PAGE)
            .await?;
        let info = match connection.info(key).await {
            // It can be read all the same.
            Err(fault) if fault.class == Class::Denied => None,
            info => Some(info?),
        };
        let is_absent = matches!(info, Some(None));
        let info = info.flatten();
        let is_behind = info.as_ref().is_some_and(|info| match &info.first_event {
            Some(first) => first.id() > after,
            None => info.last_id > after,
        });
        let is_anew = info
            .as_ref()
            .is_some_and(|info| is_anew(info.last_id, after));
        let newest = info.and_then(|info| info.last_event);
        let newest = match newest.filter(Event::says_how_the_job_stands) {
            None if is_absent => None,
            None => {
                let says = |event: Event| event.says_how_the_job_stands().then_some(event);
                past::search(connection, key, EventId::ZERO, EventId::MAX, says).await?
            }
            newest => newest,
        };
        let is_over = |event: &Event| event.is_terminal() && event.id() <= after;
        Ok(Self {
            has_it: seen.first().is_some_and(|newest| newest.id == after),
            is_gone: is_behind && seen.is_empty(),
            seen: seen.into_iter().rev().map(Event::from).collect(),
            is_end: !is_anew && newest.as_ref().is_some_and(is_over),
            newest,
            is_absent,
            is_anew,
        })
    }

    /// What is known of runs that the watch may see nothing more of, in order.
    pub(super) fn known(&self) -> impl Iterator<Item = &Event> {
        self.seen.iter().chain(&self.newest)
    }

    /// The seqs from there on; none where there is no such stream, or another one.
    pub(super) fn sequence(&self, after: EventId) -> Option<Sequence> {
        match after {
            EventId::ZERO => Some(Sequence::start()),
            _ if self.is_absent || self.is_anew => None,
            _ if self.is_gone => Some(Sequence::after_gone()),
            _ if self.has_it => Some(Sequence::after(&self.seen)),
            _ => Some(Sequence::after_lost(&self.seen)),
        }
    }

    /// The oldest event of which it is known that it was seen.
    pub(super) fn oldest(&self) -> EventId {
        self.seen.first().map_or(EventId::ZERO, Event::id)
    }
}
