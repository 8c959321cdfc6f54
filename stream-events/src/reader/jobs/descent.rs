//! The way down the feeds of all shards, newest first.

use std::cmp::Reverse;

use futures_util::future::try_join_all;

use super::cursor::Cursor;
use super::feeds::Feeds;
use super::found::{Seen, Start};
use crate::index::Shard;
use crate::{Error, EventId};

/// Each feed is read once, and of what was read that is given which none can have anything above.
pub(super) struct Descent<'a> {
    feeds: Feeds<'a>,
    lanes: Vec<Lane>,
}

/// The feed of a shard.
struct Lane {
    shard: Shard,
    /// All above this was read, and this as well.
    read_to: EventId,
    is_all: bool,
    /// What was read and is not given yet, newest first.
    starts: Vec<Start>,
}

impl<'a> Descent<'a> {
    /// From there on.
    pub(super) fn new(feeds: Feeds<'a>, cursor: &Cursor) -> Self {
        let belows = cursor.places.iter().map(|place| place.below);
        let lane = |(shard, below)| Lane {
            shard,
            read_to: below,
            is_all: false,
            starts: Vec::new(),
        };
        let lanes = feeds.shards().zip(belows).map(lane).collect();
        Self { feeds, lanes }
    }

    /// The next starts; none once all were given.
    pub(super) async fn next(&mut self, seen: &mut Seen) -> Result<Option<Vec<Start>>, Error> {
        if self.lanes.iter().all(|lane| lane.is_all) {
            return Ok(None);
        }
        self.read(seen).await?;
        let horizon = self.horizon();
        let given = self.lanes.iter_mut().flat_map(|lane| {
            let below = lane.starts.partition_point(|start| start.at >= horizon);
            lane.starts.drain(..below)
        });
        let mut given: Vec<_> = given.collect();
        given.sort_by_key(|start| Reverse(start.at));
        Ok(Some(given))
    }

    /// All that was given was looked at.
    pub(super) fn settle(&self, cursor: &mut Cursor) {
        let horizon = self.horizon();
        for (place, lane) in cursor.places.iter_mut().zip(&self.lanes) {
            place.below = place.below.min(lane.read_to.max(horizon));
        }
    }

    /// No feed has anything from here on that was not read.
    fn horizon(&self) -> EventId {
        let unread = self.lanes.iter().filter(|lane| !lane.is_all);
        let horizon = unread.map(|lane| lane.read_to).max();
        horizon.unwrap_or(EventId::ZERO)
    }

    /// On, where little is left of what was read: as the shards have about as much each, most of them come as
    /// far as the one that holds up all others.
    async fn read(&mut self, seen: &mut Seen) -> Result<(), Error> {
        let (feeds, most) = (self.feeds, self.feeds.page());
        let wanting = |lane: &&mut Lane| !lane.is_all && lane.starts.len() <= most / 4;
        let read = self.lanes.iter_mut().filter(wanting).map(async |lane| {
            let to = lane.read_to.previous();
            let page = feeds.tail(lane.shard, to, most).await?;
            Ok::<_, Error>((lane, page))
        });
        for (lane, page) in try_join_all(read).await? {
            lane.is_all = page.len() < most;
            lane.read_to = page.last().map_or(lane.read_to, |last| last.id);
            let starts = page
                .into_iter()
                .filter_map(|entry| seen.note(lane.shard, entry));
            lane.starts.extend(starts);
        }
        Ok(())
    }
}
