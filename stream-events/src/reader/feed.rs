//! The lifecycle of all jobs, as it happens.

mod follow;
mod merge;
mod place;
pub(super) mod repeats;
#[cfg(all(test, not(shuttle)))]
mod tests;

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::stream::{Stream, StreamExt};

use follow::Follower;
use merge::Merge;
pub use place::FeedPlace;

use super::Reader;
use crate::store::Store;
use crate::{Error, Event, EventId, index};

/// What [`Reader::feed`](crate::Reader::feed) gives: a `futures::Stream` of the lifecycle events of all
/// jobs of a prefix, as their publishers tell them to `job_index:feed`. It never ends by itself.
///
/// - An event is a brief of the one on its job's stream, in the order in which they were told: its type
///   and time, and of its fields `job_id`, `task_type`, `run`, `seq`, `attempt`, `max_attempts`,
///   `parent_job_id`, `duration_ms`, `error` (its first 512 bytes; `truncated` says so), `error_kind` and
///   `will_retry`; `event_id`, its id there; and of the start of a [`Replay`](crate::Replay) its
///   `replay_of`, so that who acts on events can leave that run out. Beside starts and ends there is
///   `task_resumed`, which takes back that a run was lost.
/// - Its [`id`](Event::id) is that of the feed, for [`after`](Self::after); so is the [`place`](Self::place)
///   behind it, which is enough in a cluster, too.
/// - What was told twice comes once: repeats among the last 4096 events are dropped.
/// - The feed is bounded: what was trimmed before it was read, went with the whole feed, or was lost in a
///   failover, is in a [`FeedGap`]. Not so what was never told to it: by a publisher that was killed just
///   then, or has no right to it, or is not ours. That stands on the stream of its job alone.
/// - A store that goes away is waited for, and read on from the last event. An error is the last item:
///   the store is there and refuses, for lack of rights (`XINFO STREAM`, `XRANGE`, `XREVRANGE` and
///   `XREAD` on `job_index:feed`) or for good.
#[must_use = "it reads nothing until it is polled"]
pub struct Feed {
    store: Arc<dyn Store>,
    prefix: Arc<str>,
    items: Merge,
}

/// What a feed yields.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "there is hardly ever a gap")]
#[non_exhaustive]
pub enum FeedItem {
    /// The next event.
    Event(Event),
    /// Events may be missing before the next one.
    Gap(FeedGap),
}

/// Where a feed was trimmed before it was read, or is not what it was any more. How many events are
/// missing is not known; none are where it was trimmed up to just there.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FeedGap {
    /// The last event before it, which is gone itself.
    pub after: EventId,
    /// The next that is there. It is not above the other where the store began anew with a clock that
    /// had gone back.
    pub before: EventId,
}

/// On one line.
impl fmt::Display for FeedItem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Event(event) => fmt::Display::fmt(event, f),
            Self::Gap(gap) => fmt::Display::fmt(gap, f),
        }
    }
}

impl fmt::Display for FeedGap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { after, before } = self;
        write!(
            f,
            "events of the feed between {after} and {before} are gone"
        )
    }
}

impl Reader {
    /// Follows the lifecycle of all jobs: what starts, ends and resumes, from now on or from where another
    /// left off. Each feed has a connection of its own; in a cluster 16, one for each of its streams, since no
    /// server waits for streams of several slots at once.
    pub fn feed(&self) -> Feed {
        Feed::new(Arc::clone(&self.store), Arc::clone(&self.prefix), None)
    }
}

impl Feed {
    fn new(store: Arc<dyn Store>, prefix: Arc<str>, after: Option<FeedPlace>) -> Self {
        let shards = store.shards();
        let is_near = after.as_ref().is_some_and(|place| place.is_near(shards));
        let after = after.map(|place| place.on(shards));
        let followers = shards.all().map(|shard| {
            let after = after.as_ref().map(|after| after[shard.number()]);
            let key = index::feed(&prefix, shard);
            Follower::new(Arc::clone(&store), key, after).near(is_near)
        });
        let items = Merge::new(followers);
        Self {
            store,
            prefix,
            items,
        }
    }

    /// Begins after this [place](Self::place), where an earlier one left off, or after this event of the feed;
    /// after [`EventId::ZERO`] with the oldest that is there. Without it, with what comes once the first item
    /// is asked for.
    pub fn after(self, place: impl Into<FeedPlace>) -> Self {
        Self::new(self.store, self.prefix, Some(place.into()))
    }

    /// Behind the item that was given last, for [`after`](Self::after). None before the first item of a feed
    /// that begins with what comes, or in a cluster behind a single id; and there until all servers that have a part
    /// of the feed have been there once.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), stream_events::Error> {
    /// use stream_events::{EventId, FeedPlace};
    ///
    /// let publisher = stream_events::Publisher::connect("memory:")?;
    /// # publisher.job("job_001", "outline_generation")?.completed(&());
    /// let mut feed = publisher.reader().feed().after(EventId::ZERO);
    /// let started = feed.next().await.transpose()?;
    /// let kept = feed.place().map(|place| place.to_string());
    /// // Later, perhaps in another process:
    /// let place: FeedPlace = kept.expect("it has begun").parse()?;
    /// let mut feed = publisher.reader().feed().after(place);
    /// let completed = feed.next().await.transpose()?;
    /// # assert!(started != completed);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn place(&self) -> Option<FeedPlace> {
        self.items.place()
    }

    /// The next event or gap. None, and an error before that, only where the store refuses.
    pub async fn next(&mut self) -> Option<Result<FeedItem, Error>> {
        self.items.next().await
    }
}

impl Stream for Feed {
    type Item = Result<FeedItem, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.items.poll_next_unpin(context)
    }
}

impl fmt::Debug for Feed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys = self.store.shards().all();
        let keys: Vec<_> = keys.map(|shard| index::feed(&self.prefix, shard)).collect();
        write!(f, "Feed({})", keys.join(", "))
    }
}
