//! What of a lane's events is appended, and under which ids.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::event::Page;
use crate::queue::{Draft, Lane, Position};
use crate::settings::Settings;
use crate::store::{Append, NewEntry};

/// The events as one append.
pub(super) fn append(
    lane: &Lane,
    events: &[Draft],
    position: &mut Position,
    settings: &Settings,
    now: Instant,
) -> Append {
    let expire = expiry(events, settings, position, now);
    let mut append = Append {
        key: Arc::clone(&lane.key),
        entries: entries(events),
        max_len: settings.max_len,
        expire,
    };
    number(&mut append, events, position);
    append
}

/// Gives the events ids, above all that the stream is known to have; none where the store is to
/// choose them.
pub(super) fn number(append: &mut Append, events: &[Draft], position: &mut Position) {
    let newest = events.iter().map(|draft| draft.at.ms()).max().unwrap_or(0);
    match position.advance(newest, events.len()) {
        Some(ids) => {
            let entries = append.entries.iter_mut().zip(ids);
            entries.for_each(|(entry, id)| entry.id = Some(id));
        }
        None => append.entries.iter_mut().for_each(|entry| entry.id = None),
    }
}

fn entries(events: &[Draft]) -> Vec<NewEntry> {
    let bytes = events.iter().map(Draft::size).sum();
    let mut page = Page::with_capacity(events.len(), bytes);
    for draft in events {
        draft.write(&mut page);
    }
    let entry = |values| NewEntry { id: None, values };
    page.into_values().map(entry).collect()
}

/// How long the stream is kept from here: set where a run starts, so that a crash leaves no immortal
/// key, again where it ends, and now and then between.
fn expiry(
    events: &[Draft],
    settings: &Settings,
    position: &mut Position,
    now: Instant,
) -> Option<Duration> {
    let mark = events
        .iter()
        .rev()
        .find(|draft| draft.ends() || draft.opens());
    if mark.is_none() && !position.expiry_is_due(now, settings.expiry_renewed()) {
        return None;
    }
    position.set_expiry(Some(now));
    Some(settings.retention(mark.is_some_and(Draft::ends)))
}
