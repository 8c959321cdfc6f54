//! What is told to the index by one request.

use std::sync::Arc;

use crate::event::Brief;
use crate::store::{Append, Appended};

pub(in crate::worker) struct Piece {
    pub(in crate::worker) appends: Vec<Arc<Append>>,
    pub(super) events: Vec<Waiting>,
}

#[derive(Debug, Clone)]
pub(super) struct Waiting {
    pub(super) brief: Brief,
    /// How many connections in a row broke with it on its way.
    pub(super) breaks: u32,
}

impl Piece {
    /// How many of its events are not in every place where they were to be told of: the feed comes first, then
    /// the children of each that has a parent.
    pub(super) fn lacking(&self, results: &[Appended]) -> u64 {
        let mut results = results.iter();
        let of_feed = results.next().map(Vec::as_slice).unwrap_or_default();
        let lacks = |(nth, event): &(usize, &Waiting)| {
            let is_child = event.brief.parent.is_some();
            let of_child = is_child.then(|| results.next());
            let is_refused = |results: &Appended| results.iter().any(Result::is_err);
            of_feed.get(*nth).is_none_or(Result::is_err)
                || of_child.is_some_and(|results| results.is_none_or(is_refused))
        };
        self.events.iter().enumerate().filter(lacks).count() as u64
    }
}
