//! What is told to the index by one request, and what of it is to be told again.

use std::sync::Arc;

use super::MOST_BREAKS;
use crate::event::Brief;
use crate::index::{Ledger, Shard};
use crate::store::{Append, Appended, Class};

#[derive(Debug, Clone)]
pub(super) struct Waiting {
    pub(super) shard: Shard,
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
    /// Those of the feeds first, then one for each event that is told to a parent.
    pub(in crate::worker) appends: Vec<Arc<Append>>,
    feeds: usize,
    /// Those for one feed in a row.
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
    pub(super) fn new(shard: Shard, brief: Brief) -> Self {
        Self {
            shard,
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
    /// `renews` says whether it is to be said anew how long this feed is kept.
    pub(super) fn of(
        ledger: &Ledger,
        events: Vec<Waiting>,
        mut renews: impl FnMut(Shard) -> bool,
    ) -> Self {
        let mut appends = Vec::new();
        for events in events.chunk_by(are_told_together) {
            if let [
                Waiting {
                    shard,
                    to_feed: true,
                    ..
                },
                ..,
            ] = events
            {
                let briefs = events.iter().map(|event| &event.brief);
                appends.extend(ledger.to_feed(*shard, briefs, renews(*shard)));
            }
        }
        let feeds = appends.len();
        let for_parents = events.iter().filter(|event| event.to_parent);
        appends.extend(for_parents.filter_map(|event| ledger.to_parent(&event.brief)));
        Self {
            appends,
            feeds,
            events,
        }
    }

    /// What the store could not take just then, or may not have taken; what it may have is then there twice.
    /// And how many events are from now on not in every place where they were to be told of.
    pub(super) fn outcome(&self, results: &[Appended]) -> (Vec<Waiting>, u64) {
        let (feeds, parents) = results.split_at(self.feeds.min(results.len()));
        let (mut feeds, mut parents) = (feeds.iter(), parents.iter());
        let (mut again, mut lacking) = (Vec::new(), 0);
        for events in self.events.chunk_by(are_told_together) {
            let is_told = events.first().is_some_and(|event| event.to_feed);
            let feed = is_told.then(|| feeds.next());
            for (nth, event) in events.iter().enumerate() {
                let of_feed = feed.map_or(Fate::Taken, |feed| fate(feed, nth));
                let of_parent = event.to_parent.then(|| fate(parents.next(), 0));
                let of_parent = of_parent.unwrap_or(Fate::Taken);
                again.extend(event.after(of_feed, of_parent, &mut lacking));
            }
        }
        (again, lacking)
    }
}

/// Of two in a row.
fn are_told_together(one: &Waiting, next: &Waiting) -> bool {
    (one.to_feed, one.shard) == (next.to_feed, next.shard)
}

/// Of an entry of an append. What was refused as a whole has one result for all.
fn fate(results: Option<&Appended>, nth: usize) -> Fate {
    let result = results.and_then(|results| {
        let of_all = || results.first().filter(|result| result.is_err());
        results.get(nth).or_else(of_all)
    });
    match result {
        Some(Ok(_)) => Fate::Taken,
        Some(Err(fault)) if fault.is_for_now() => Fate::Waits {
            is_away: fault.class == Class::Away,
        },
        _ => Fate::Refused,
    }
}
