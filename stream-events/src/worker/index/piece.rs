//! What is told to the index by one request, and what of it is to be told again.

use std::sync::Arc;

use super::MOST_BREAKS;
use crate::event::Brief;
use crate::index::Ledger;
use crate::store::{Append, Appended, Class};

#[derive(Debug, Clone)]
pub(super) struct Waiting {
    pub(super) brief: Brief,
    /// How many connections in a row broke with it on its way.
    pub(super) breaks: u32,
    /// Where it is to be told: of a store of several servers one may have it, and another not.
    pub(super) to_feed: bool,
    pub(super) to_parent: bool,
    /// Whether one of those places has refused it for good.
    lacks: bool,
}

pub(in crate::worker) struct Piece {
    /// The feed's first, if it is among them, then one for each event that is told to a parent.
    pub(in crate::worker) appends: Vec<Arc<Append>>,
    pub(super) has_feed: bool,
    pub(super) events: Vec<Waiting>,
}

/// What became of an event at one place.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Taken,
    /// To be told again; `is_away` where what it was told by may have broken for it.
    Waits {
        is_away: bool,
    },
    Refused,
}

impl Waiting {
    pub(super) fn new(brief: Brief) -> Self {
        Self {
            to_parent: brief.parent.is_some(),
            brief,
            breaks: 0,
            to_feed: true,
            lacks: false,
        }
    }

    /// The same after a connection broke with it on its way; none where that was its last.
    pub(super) fn broken(&self) -> Option<Self> {
        let breaks = self.breaks + 1;
        (breaks < MOST_BREAKS).then(|| Self {
            breaks,
            ..self.clone()
        })
    }

    /// What is to be told of it again. `lacking` counts those of which nothing is, and that are not everywhere.
    fn after(&self, feed: Fate, parent: Fate, lacking: &mut u64) -> Option<Self> {
        let waits = |fate| matches!(fate, Fate::Waits { .. });
        let again = Self {
            to_feed: waits(feed),
            to_parent: waits(parent),
            lacks: self.lacks || [feed, parent].contains(&Fate::Refused),
            ..self.clone()
        };
        let again = match [feed, parent].contains(&Fate::Waits { is_away: true }) {
            true => again.broken(),
            false if again.to_feed || again.to_parent => Some(again),
            false if again.lacks => None,
            false => return None,
        };
        *lacking += u64::from(again.is_none());
        again
    }
}

impl Piece {
    pub(super) fn of(ledger: &Ledger, events: Vec<Waiting>, renews: bool) -> Self {
        let for_feed = events.iter().filter(|event| event.to_feed);
        let feed = ledger.to_feed(for_feed.map(|event| &event.brief), renews);
        let has_feed = feed.is_some();
        let for_parents = events.iter().filter(|event| event.to_parent);
        let parents = for_parents.filter_map(|event| ledger.to_parent(&event.brief));
        Self {
            appends: feed.into_iter().chain(parents).collect(),
            has_feed,
            events,
        }
    }

    /// What the store could not take just then, or may not have taken; what it may have is then there twice.
    /// And how many events are from now on not in every place where they were to be told of.
    pub(super) fn outcome(&self, results: &[Appended]) -> (Vec<Waiting>, u64) {
        let (feed, parents) = results.split_at(usize::from(self.has_feed).min(results.len()));
        let (mut nth, mut parents) = (0.., parents.iter());
        let (mut again, mut lacking) = (Vec::new(), 0);
        for event in &self.events {
            let feed = match event.to_feed {
                true => fate(feed.first(), nth.next().unwrap_or(0)),
                false => Fate::Taken,
            };
            let parent = match event.to_parent {
                true => fate(parents.next(), 0),
                false => Fate::Taken,
            };
            again.extend(event.after(feed, parent, &mut lacking));
        }
        (again, lacking)
    }
}

/// Of an entry of an append. What was refused as a whole has one result for all.
fn fate(results: Option<&Appended>, nth: usize) -> Fate {
    let of_all = |results: &'_ Appended| results.first().filter(|result| result.is_err()).cloned();
    let result = results.and_then(|results| results.get(nth).cloned().or_else(|| of_all(results)));
    match result {
        Some(Ok(_)) => Fate::Taken,
        Some(Err(fault)) if fault.passes() => Fate::Waits {
            is_away: fault.class == Class::Away,
        },
        _ => Fate::Refused,
    }
}
