//! The feeds of the shards, as they are read for a list of jobs.

use std::sync::{Mutex, PoisonError};

use futures_util::future::try_join_all;

use super::cursor::{Cursor, Place};
use super::found::Seen;
use crate::event::Entry;
use crate::index::Shard;
use crate::reader::Reader;
use crate::store::Connection;
use crate::{Error, EventId, index};

/// How many events are read at a time, of all shards together.
const PAGE: usize = 1000;

/// Reads of all shards at once.
#[derive(Clone, Copy)]
pub(super) struct Feeds<'a>(pub(super) &'a Reader);

impl Feeds<'_> {
    pub(super) fn shards(self) -> impl ExactSizeIterator<Item = Shard> {
        self.0.store.shards().all()
    }

    /// How many events of one shard are read at a time.
    pub(super) fn page(self) -> usize {
        PAGE.div_ceil(self.shards().len())
    }

    /// Where a first page begins.
    pub(super) async fn top(self) -> Result<Cursor, Error> {
        let newest = self.shards().map(|it| self.tail(it, EventId::MAX, 1));
        let newest = try_join_all(newest).await?;
        let top = |newest: Vec<Entry>| newest.first().map_or(EventId::ZERO, |newest| newest.id);
        let places = newest.into_iter().map(top).map(Place::at).collect();
        Ok(Cursor { places, job: None })
    }

    /// The oldest event of each; above all where there is none.
    pub(super) async fn oldest(self) -> Result<Vec<EventId>, Error> {
        let first = |shard| self.range(shard, EventId::ZERO, EventId::MAX, 1);
        let oldest = try_join_all(self.shards().map(first)).await?;
        let id = |oldest: Vec<Entry>| oldest.first().map_or(EventId::MAX, |oldest| oldest.id);
        Ok(oldest.into_iter().map(id).collect())
    }

    /// Has `seen` take note of what each has within its bounds, both included.
    pub(super) async fn note(
        self,
        seen: &mut Seen,
        bounds: impl Iterator<Item = (EventId, EventId)>,
    ) -> Result<(), Error> {
        let seen = &Mutex::new(seen);
        let each = self.shards().zip(bounds).map(|(shard, (from, to))| {
            self.each(shard, from, to, move |entry| {
                let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
                seen.note(shard, entry);
            })
        });
        try_join_all(each).await.map(drop)
    }

    async fn each(
        self,
        shard: Shard,
        mut from: EventId,
        to: EventId,
        mut note: impl FnMut(Entry),
    ) -> Result<(), Error> {
        while from <= to {
            let page = self.range(shard, from, to, self.page()).await?;
            let (last, is_last) = (page.last().map(|last| last.id), page.len() < self.page());
            page.into_iter().for_each(&mut note);
            match last {
                Some(last) if !is_last => from = last.next(),
                _ => break,
            }
        }
        Ok(())
    }

    pub(super) async fn tail(
        self,
        shard: Shard,
        to: EventId,
        count: usize,
    ) -> Result<Vec<Entry>, Error> {
        let key = index::feed(&self.0.prefix, shard);
        let ask = |it: &dyn Connection| it.tail(&key, EventId::ZERO, to, count);
        self.0.ask(ask).await
    }

    async fn range(
        self,
        shard: Shard,
        from: EventId,
        to: EventId,
        count: usize,
    ) -> Result<Vec<Entry>, Error> {
        let key = index::feed(&self.0.prefix, shard);
        let ask = |it: &dyn Connection| it.range(&key, from, to, count);
        self.0.ask(ask).await
    }
}
