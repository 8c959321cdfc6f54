//! The feeds of all shards as one.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::stream::{BoxStream, Stream, StreamExt};
use tokio::time::Sleep;

use super::follow::Told;
use super::place::FeedPlace;
use super::{FeedItem, Follower};
use crate::{Error, EventId, tail};

/// Gives what is oldest of what the shards have next. One that has nothing new is not waited for, and one
/// that does not say whether it has, for so long once: what it has comes when it comes.
pub(super) struct Merge {
    lanes: Vec<Lane>,
    patience: Option<Pin<Box<Sleep>>>,
    is_over: bool,
}

/// The feed of a shard.
struct Lane {
    told: BoxStream<'static, Result<Told, Error>>,
    /// All up to here was given.
    at: Option<EventId>,
    next: Option<FeedItem>,
    /// Whether it may have an older one than others.
    is_awaited: bool,
}

/// A server that answers does so sooner.
const PATIENCE: Duration = Duration::from_millis(500);

impl Merge {
    pub(super) fn new(followers: impl Iterator<Item = Follower>) -> Self {
        Self::of(followers.map(Lane::new).collect())
    }

    fn of(lanes: Vec<Lane>) -> Self {
        Self {
            lanes,
            patience: None,
            is_over: false,
        }
    }

    /// Behind what was given last. None until each shard has told where it begins.
    pub(super) fn place(&self) -> Option<FeedPlace> {
        let ids: Option<_> = self.lanes.iter().map(|lane| lane.at).collect();
        ids.map(FeedPlace::new)
    }

    fn poll_lanes(&mut self, context: &mut Context<'_>) -> Poll<Result<usize, Error>> {
        for lane in &mut self.lanes {
            lane.look(context)?;
        }
        let ages = self.lanes.iter().map(Lane::age).enumerate();
        let oldest = ages.filter_map(|(at, age)| Some((age?, at))).min();
        let Some((_, oldest)) = oldest else {
            self.patience = None;
            return Poll::Pending;
        };
        if self.lanes.iter().any(Lane::holds_up) {
            let wait = || Box::pin(tokio::time::sleep(PATIENCE));
            ready!(self.patience.get_or_insert_with(wait).poll_unpin(context));
            let late = self.lanes.iter_mut().filter(|lane| lane.holds_up());
            late.for_each(|lane| lane.is_awaited = false);
        }
        self.patience = None;
        Poll::Ready(Ok(oldest))
    }
}

impl Stream for Merge {
    type Item = Result<FeedItem, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.is_over {
            return Poll::Ready(None);
        }
        let item = ready!(self.poll_lanes(context)).map(|oldest| self.lanes[oldest].give());
        self.is_over = item.is_err();
        Poll::Ready(item.transpose())
    }
}

impl Lane {
    fn new(follower: Follower) -> Self {
        Self::of(follower.begins(), tail::items(follower))
    }

    fn of(at: Option<EventId>, told: BoxStream<'static, Result<Told, Error>>) -> Self {
        Self {
            told,
            at,
            next: None,
            is_awaited: true,
        }
    }

    /// Has what it tells next, unless that is there already.
    fn look(&mut self, context: &mut Context<'_>) -> Result<(), Error> {
        while self.next.is_none()
            && let Poll::Ready(Some(told)) = self.told.poll_next_unpin(context)
        {
            match told? {
                Told::Begins(at) => self.at = Some(at),
                Told::Quiet => self.is_awaited = false,
                Told::Item(item) => self.next = Some(item),
            }
        }
        Ok(())
    }

    fn holds_up(&self) -> bool {
        self.is_awaited && self.next.is_none()
    }

    fn age(&self) -> Option<EventId> {
        self.next.as_ref().map(|next| match next {
            FeedItem::Event(event) => event.id(),
            FeedItem::Gap(gap) => gap.before,
        })
    }

    fn give(&mut self) -> Option<FeedItem> {
        let item = self.next.take()?;
        self.is_awaited = true;
        // A gap comes again to who begins before it.
        if let FeedItem::Event(event) = &item {
            self.at = Some(event.id());
        }
        Some(item)
    }
}

#[cfg(test)]
mod tests {
    use futures_util::stream::{iter, pending};
    use tokio::time::{Instant, timeout};

    use super::*;
    use crate::event::Entry;

    fn at(ms: u64) -> Result<Told, Error> {
        let entry = Entry::new(EventId::new(ms, 0), [("data", "{}")]);
        Ok(Told::Item(FeedItem::Event(entry.into())))
    }

    /// Tells this, and then nothing for ever.
    fn lane(told: impl IntoIterator<Item = Result<Told, Error>, IntoIter: Send + 'static>) -> Lane {
        let told = iter(told).chain(pending());
        Lane::of(Some(EventId::ZERO), told.boxed())
    }

    async fn ids(merge: &mut Merge, count: usize) -> Vec<u64> {
        let ids = merge.take(count).map(|item| match item.unwrap() {
            FeedItem::Event(event) => event.id().ms(),
            FeedItem::Gap(gap) => panic!("{gap}"),
        });
        ids.collect().await
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_says_nothing_at_all_is_waited_for_once() {
        let quiet = || Ok(Told::Quiet);
        let mut merge = Merge::of(vec![
            lane([at(1), at(4), at(5), quiet()]),
            lane([]),
            lane([at(2), at(3), at(6), quiet()]),
        ]);
        let start = Instant::now();
        assert_eq!(ids(&mut merge, 6).await, [1, 2, 3, 4, 5, 6]);
        assert_eq!(start.elapsed(), PATIENCE);
        let place = merge.place().unwrap();
        assert_eq!(place.to_string().split(',').count(), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_has_nothing_is_not_waited_for_and_what_is_late_comes_late() {
        let late = async {
            tokio::time::sleep(4 * PATIENCE).await;
            at(1)
        };
        let told = iter([Ok(Told::Quiet)]).chain(late.into_stream());
        let late = Lane::of(Some(EventId::ZERO), told.chain(pending()).boxed());
        let mut merge = Merge::of(vec![late, lane([at(2), Ok(Told::Quiet)])]);
        let start = Instant::now();
        assert_eq!(ids(&mut merge, 1).await, [2]);
        assert_eq!(start.elapsed(), Duration::ZERO);
        assert_eq!(ids(&mut merge, 1).await, [1]);
        assert_eq!(start.elapsed(), 4 * PATIENCE);
    }

    #[tokio::test(start_paused = true)]
    async fn an_error_is_the_last_item() {
        let refused = Err("$".parse::<EventId>().unwrap_err());
        let mut merge = Merge::of(vec![lane([at(1), at(2)]), lane([at(1), refused])]);
        assert_eq!(ids(&mut merge, 2).await, [1, 1]);
        assert!(matches!(merge.next().await, Some(Err(_))));
        assert!(merge.next().await.is_none());
        let wait = timeout(PATIENCE, Merge::of(vec![lane([])]).next()).await;
        assert!(wait.is_err(), "nothing is no end");
    }
}
