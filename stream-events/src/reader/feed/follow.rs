//! A feed read on and on, with an eye on what is trimmed under it.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use super::repeats::Repeats;
use super::{FeedGap, FeedItem};
use crate::event::Entry;
use crate::reader::page::{FIRST_PAGE, fitting};
use crate::store::{BoxFuture, Connection, Fault, Purpose, Store};
use crate::tail::Follow;
use crate::{Error, Event, EventId};

/// How long one read waits for the first event.
const WAIT: Duration = Duration::from_secs(5);

/// Each page is read from the last event on that was seen, which has to be there still: then nothing
/// between the two was trimmed.
pub(super) struct Follower {
    store: Arc<dyn Store>,
    key: Arc<str>,
    /// None is the newest, once that is known.
    after: Option<EventId>,
    /// Whether that is none of this feed's own, until it is known which of them it comes to.
    is_near: bool,
    /// None until what stands before that is known.
    repeats: Option<Repeats>,
    /// Where the feed began anew, the last that was seen of the old one.
    lost: Option<EventId>,
    /// How many are read at a time.
    page: usize,
    /// Whether there is nothing after that, as far as is known.
    is_quiet: bool,
    ready: VecDeque<Told>,
}

/// What it says.
#[expect(
    clippy::large_enum_variant,
    reason = "it lives from one step to the next"
)]
pub(super) enum Told {
    /// What comes is what comes after this.
    Begins(EventId),
    Item(FeedItem),
    /// There is no more now.
    Quiet,
}

impl Follow for Follower {
    type Item = Told;
    type Line = Box<dyn Connection>;

    fn open(&self) -> BoxFuture<'_, Result<Self::Line, Fault>> {
        self.store.connect(Purpose::Blocking(WAIT))
    }

    async fn turn(&mut self, connection: &Self::Line) -> Result<(), Fault> {
        let after = self.beginning(&**connection).await?;
        let key = &self.key;
        if std::mem::take(&mut self.is_quiet) {
            // Only that there is something: what it is, is read with what was there before.
            return connection.read(key, after, 1, WAIT).await.map(drop);
        }
        if self.repeats.is_none() {
            let seen = connection.tail(key, EventId::ZERO, after, FIRST_PAGE);
            let seen = seen.await?.into_iter().rev().map(Event::from);
            self.repeats = Some(seen.collect());
        }
        let page = connection.range(key, after, EventId::MAX, self.page + 1);
        let mut page = page.await?;
        let is_there = page.first().is_some_and(|first| first.id == after);
        if is_there {
            page.remove(0);
        }
        if !page.is_empty() {
            self.take(after, is_there || after == EventId::ZERO, page);
            return Ok(());
        }
        let begins_anew = !is_there
            && after != EventId::ZERO
            && connection
                .info(key)
                .await?
                .is_some_and(|info| info.last_id < after);
        if begins_anew {
            self.after = Some(self.end_of_known(&**connection, after).await?);
            self.lost.get_or_insert(after);
            return Ok(());
        }
        self.is_quiet = true;
        self.ready.push_back(Told::Quiet);
        Ok(())
    }

    fn ready(&mut self) -> &mut VecDeque<Told> {
        &mut self.ready
    }

    fn refused(&self, fault: Fault) -> Error {
        fault.into_error(&*self.store, "the read")
    }
}

impl Follower {
    pub(super) fn new(store: Arc<dyn Store>, key: Arc<str>, after: Option<EventId>) -> Self {
        Self {
            store,
            key,
            after,
            is_near: false,
            repeats: None,
            lost: None,
            page: FIRST_PAGE,
            is_quiet: false,
            ready: VecDeque::new(),
        }
    }

    /// Begins there also where the feed has no such event.
    pub(super) fn near(self, is_near: bool) -> Self {
        Self { is_near, ..self }
    }

    /// None where that is not known yet.
    pub(super) fn begins(&self) -> Option<EventId> {
        self.after.filter(|_| !self.is_near)
    }

    /// Behind what it goes on.
    async fn beginning(&mut self, connection: &dyn Connection) -> Result<EventId, Fault> {
        let key = &self.key;
        let begins = match self.after {
            Some(after) if !self.is_near => return Ok(after),
            Some(near) => {
                let newest = connection.tail(key, EventId::ZERO, near, 1).await?;
                newest.first().map(|newest| newest.id)
            }
            None => connection.info(key).await?.map(|info| info.last_id),
        };
        let begins = begins.unwrap_or(EventId::ZERO);
        (self.after, self.is_near) = (Some(begins), false);
        self.ready.push_back(Told::Begins(begins));
        Ok(begins)
    }

    /// The last that is left of what was read up to here, where a failover has taken what came behind it: what
    /// others have told since may stand below that. Nothing where the feed is another one.
    async fn end_of_known(
        &self,
        connection: &dyn Connection,
        after: EventId,
    ) -> Result<EventId, Fault> {
        let newest = connection.tail(&self.key, EventId::ZERO, after, FIRST_PAGE);
        let mut newest = newest.await?.into_iter().map(Event::from);
        let is_known = |event: &Event| self.repeats.as_ref().is_some_and(|it| it.knows(event));
        let last = newest.find(is_known);
        Ok(last.map_or(EventId::ZERO, |last| last.id()))
    }

    fn take(&mut self, after: EventId, is_joined: bool, page: Vec<Entry>) {
        self.page = fitting(&page);
        let lost = self.lost.take().or_else(|| (!is_joined).then_some(after));
        if let Some((after, before)) = lost.zip(page.first().map(|first| first.id)) {
            let gap = FeedItem::Gap(FeedGap { after, before });
            self.ready.push_back(Told::Item(gap));
        }
        let repeats = self.repeats.get_or_insert_default();
        for entry in page {
            self.after = Some(entry.id);
            let event = Event::from(entry);
            if repeats.is_new(&event) {
                self.ready.push_back(Told::Item(FeedItem::Event(event)));
            }
        }
    }
}
