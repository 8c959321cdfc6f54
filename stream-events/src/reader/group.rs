//! The lifecycle of all jobs, each event for one of a fleet.

mod hand;
mod member;
#[cfg(all(test, not(shuttle)))]
mod tests;

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::stream::{BoxStream, SelectAll, Stream, StreamExt};
use uuid::Uuid;

use hand::{Hand, Taken};
use member::Taker;

use super::{FeedPlace, Reader};
use crate::error::{Repr, shown};
use crate::index::Shard;
use crate::store::Member;
use crate::{Error, Event, index, tail};

/// How long an event may be with a member of a [`FeedGroup`] before another takes it over.
pub const DEFAULT_CLAIM_AFTER: Duration = Duration::from_secs(60);

/// What [`Reader::feed_group`](crate::Reader::feed_group) gives: one member of a group that follows the
/// [`Feed`](crate::Feed) together, a `futures::Stream` of the events that fall to this member.
///
/// - Each event of the feed falls to one member, and is done with once that has
///   [acknowledged](Assigned::ack) it. What has not been acknowledged for
///   [`claim_after`](Self::claim_after) falls to another: its member is dead, or slow; so work that takes
///   longer is done twice. What was told to the feed twice falls to one member, where no more than a
///   thousand events are between the two.
/// - The group is made where it is missing, to begin [`after`](Self::after) a place, or with what comes
///   from then on. It is the store's from there, and goes on where its members left off, for as long as
///   there is a feed: where that is gone and comes again, the group has all of the new one. So it has of the
///   old one where the store has lost the group alone, as a failover may that comes right after it was made.
/// - What the feed has trimmed before a member took it, or before another took it over, is not given, and
///   not named: it is to be long enough for the longest time without members
///   (`Builder::feed_len`).
/// - A store that goes away is waited for. An error is the last item: the store is there and refuses, for
///   lack of rights or for good. Its user needs `XREADGROUP`, `XAUTOCLAIM` (from Redis 6.2 on), `XACK`,
///   `XGROUP CREATE`, `XREAD` and `XREVRANGE` on `job_index:feed`; with `XINFO CONSUMERS` and
///   `XGROUP DELCONSUMER`, members that have nothing and have been silent for a day are forgotten there.
/// - In a cluster there is such a group of each of the 16 streams of the feed, and a member takes from all of
///   them in turn, each on a connection of its own: one event at a time, also while a server is away. Only where
///   one answers late, after half a second, may it have one more of each stream, which it is given next. An
///   idle member is woken by each event, whoever takes that.
///
/// ```no_run
/// # async fn run(reader: stream_events::Reader) -> Result<(), stream_events::Error> {
/// let mut group = reader.feed_group("mailer")?;
/// while let Some(assigned) = group.next().await {
///     let assigned = assigned?;
///     println!("to be mailed: {}", assigned.event());
///     assigned.ack().await?;
/// }
/// # Ok(())
/// # }
/// ```
#[must_use = "it reads nothing until it is polled"]
pub struct FeedGroup {
    reader: Reader,
    terms: Terms,
    /// Of each shard.
    taken: SelectAll<BoxStream<'static, Result<Taken, Error>>>,
    is_over: bool,
}

/// How a member takes part.
#[derive(Debug, Clone)]
struct Terms {
    group: Arc<str>,
    name: Arc<str>,
    after: Option<FeedPlace>,
    claim_after: Duration,
}

/// An event that has fallen to a member of a group. It stays with that until it is acknowledged, also where
/// this is dropped, and falls to another then.
#[must_use = "what is not acknowledged falls to another member"]
pub struct Assigned {
    event: Event,
    reader: Reader,
    member: Member,
}

impl Reader {
    /// Follows the lifecycle of all jobs as one of a group that shares it: each event is for one of them.
    /// Each member has a connection of its own, in a cluster several.
    ///
    /// # Errors
    ///
    /// [`InvalidGroup`](crate::ErrorKind::InvalidGroup): a name has 1 to 256 bytes, and no control
    /// characters.
    pub fn feed_group(&self, name: impl Into<String>) -> Result<FeedGroup, Error> {
        let name = checked("a feed group", name.into())?;
        Ok(FeedGroup::new(self.clone(), name))
    }
}

impl Assigned {
    /// The event, a brief as the [`Feed`](crate::Feed) has it.
    #[must_use]
    pub fn event(&self) -> &Event {
        &self.event
    }

    /// It is done with: no member is given it again. From any task, in any order.
    ///
    /// # Errors
    ///
    /// [`Unavailable`](crate::ErrorKind::Unavailable), where it may be acknowledged or not, or
    /// [`Rejected`](crate::ErrorKind::Rejected). It falls to another then, unless `ack` is called again.
    pub async fn ack(&self) -> Result<(), Error> {
        let (member, id) = (&self.member, self.event.id());
        self.reader
            .ask(|connection| connection.groups().acknowledge(member, id))
            .await
    }
}

impl FeedGroup {
    fn new(reader: Reader, group: Arc<str>) -> Self {
        let terms = Terms {
            group,
            name: Uuid::new_v4().to_string().into(),
            after: None,
            claim_after: DEFAULT_CLAIM_AFTER,
        };
        Self::of(reader, terms)
    }

    /// Where the group begins if it has yet to be made: after this event, or [place](FeedPlace), of the feed;
    /// after [`EventId::ZERO`](crate::EventId::ZERO) with the oldest that is there.
    pub fn after(self, place: impl Into<FeedPlace>) -> Self {
        let after = Some(place.into());
        Self::of(
            self.reader,
            Terms {
                after,
                ..self.terms
            },
        )
    }

    /// The name of this member, by default a random one. Two with one name are one to the store, which
    /// then cannot tell which of them lives.
    ///
    /// # Errors
    ///
    /// As for [`feed_group`](crate::Reader::feed_group).
    pub fn member(self, name: impl Into<String>) -> Result<Self, Error> {
        let name = checked("a member of a feed group", name.into())?;
        let terms = Terms { name, ..self.terms };
        Ok(Self::of(self.reader, terms))
    }

    /// How long an event may be with any member before this one takes it over, by default
    /// [`DEFAULT_CLAIM_AFTER`]; at least 1 ms. It is looked for each quarter of that time, and at
    /// least every 15 s.
    pub fn claim_after(self, time: Duration) -> Self {
        let claim_after = time.max(Duration::from_millis(1));
        let terms = Terms {
            claim_after,
            ..self.terms
        };
        Self::of(self.reader, terms)
    }

    /// The next event that falls to this member. None, and an error before that, only where the store
    /// refuses.
    pub async fn next(&mut self) -> Option<Result<Assigned, Error>> {
        StreamExt::next(self).await
    }

    fn of(reader: Reader, terms: Terms) -> Self {
        let shards = reader.store.shards();
        let hand = (shards.count() > 1).then(Hand::default);
        let taken = shards.all().map(|shard| {
            let after = terms.after.as_ref();
            let after = after.map(|place| place.on(shards)[shard.number()]);
            let member = terms.member(&reader, shard);
            let (reader, hand) = (reader.clone(), hand.clone());
            tail::items(Taker::new(reader, member, after, terms.claim_after, hand))
        });
        let taken = taken.collect();
        Self {
            reader,
            terms,
            taken,
            is_over: false,
        }
    }
}

impl Terms {
    fn member(&self, reader: &Reader, shard: Shard) -> Member {
        Member {
            key: index::feed(&reader.prefix, shard),
            group: Arc::clone(&self.group),
            name: Arc::clone(&self.name),
        }
    }
}

/// Of so many bytes at most.
const MAX_NAME: usize = 256;

/// The name as the store is told it, where it is one.
fn checked(what: &'static str, name: String) -> Result<Arc<str>, Error> {
    let why = match name.chars().find(|c| c.is_control()) {
        _ if name.is_empty() => "is empty".to_owned(),
        _ if name.len() > MAX_NAME => format!("has {} bytes", name.len()),
        Some(wrong) => format!("holds {wrong:?}"),
        None => return Ok(name.into()),
    };
    let shown = shown(&name);
    Err(Repr::Group { what, shown, why }.into())
}

impl Stream for FeedGroup {
    type Item = Result<Assigned, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.is_over {
            return Poll::Ready(None);
        }
        let taken = self.taken.poll_next_unpin(context);
        taken.map_ok(Taken::given).map(|item| {
            self.is_over = !matches!(item, Some(Ok(_)));
            item
        })
    }
}

impl fmt::Debug for FeedGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Terms { group, name, .. } = &self.terms;
        let keys = self.reader.store.shards().all();
        let keys: Vec<_> = keys
            .map(|shard| index::feed(&self.reader.prefix, shard))
            .collect();
        write!(f, "FeedGroup({group} of {}, {name})", keys.join(", "))
    }
}

impl fmt::Debug for Assigned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Assigned({})", self.event)
    }
}
