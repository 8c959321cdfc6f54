//! A member at work: takes what falls to it, and takes over what others have left.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::{Assigned, Terms};
use crate::event::Entry;
use crate::reader::Reader;
use crate::reader::feed::repeats::Repeats;
use crate::reader::page::FIRST_PAGE;
use crate::store::{BoxFuture, Connection, Fault, Groups, Purpose};
use crate::tail::Follow;
use crate::{Error, Event, EventId};

/// How long one read waits for the first event.
const WAIT: Duration = Duration::from_secs(5);
/// What waited in one member's hands, others could not take.
const AT_ONCE: usize = 1;
/// How many events before one are looked at for another that is the same.
const LOOKED_AT: usize = 1000;
/// Between two looks at what others have left.
const LONGEST_PAUSE: Duration = Duration::from_secs(15);
const SHORTEST_PAUSE: Duration = Duration::from_millis(1);
/// A member that has nothing and is silent for so long is none any more.
const SILENT: Duration = Duration::from_secs(24 * 60 * 60);

pub(super) struct Taker {
    reader: Reader,
    terms: Terms,
    is_member: bool,
    claims_at: Instant,
    /// Where the look at what others have left goes on.
    claims_from: EventId,
    /// The events of the feed up to this one, whoever has taken them.
    repeats: Repeats,
    known: Option<EventId>,
    ready: VecDeque<Assigned>,
}

impl Follow for Taker {
    type Item = Assigned;
    type Line = Box<dyn Connection>;

    fn open(&self) -> BoxFuture<'_, Result<Self::Line, Fault>> {
        self.reader.store.connect(Purpose::Blocking(WAIT))
    }

    async fn turn(&mut self, connection: &Self::Line) -> Result<(), Fault> {
        let connection = &**connection;
        let groups = connection.groups();
        if !self.is_member {
            return self.join(connection, &*groups).await;
        }
        let now = Instant::now();
        let taken = if self.claims_at <= now {
            let (idle, from) = (self.terms.claim_after, self.claims_from);
            let claimed = groups
                .claim(&self.terms.member, idle, from, AT_ONCE)
                .await?;
            let (claimed, next) = claimed.unzip();
            self.claims_from = next.unwrap_or(EventId::ZERO);
            // All have been looked at.
            if self.claims_from == EventId::ZERO {
                self.claims_at = now + (idle / 4).clamp(SHORTEST_PAUSE, LONGEST_PAUSE);
            }
            claimed
        } else {
            let wait = self
                .claims_at
                .duration_since(now)
                .clamp(SHORTEST_PAUSE, WAIT);
            groups.take(&self.terms.member, AT_ONCE, wait).await?
        };
        match taken {
            Some(taken) => self.sort_out(connection, &*groups, taken).await,
            None => {
                // All that comes is of a new feed.
                self.is_member = false;
                self.terms.after = Some(EventId::ZERO);
                Ok(())
            }
        }
    }

    fn ready(&mut self) -> &mut VecDeque<Assigned> {
        &mut self.ready
    }

    fn refused(&self, fault: Fault) -> Error {
        self.reader.refused(fault)
    }
}

impl Taker {
    pub(super) fn new(reader: Reader, terms: Terms) -> Self {
        Self {
            reader,
            terms,
            is_member: false,
            claims_at: Instant::now(),
            claims_from: EventId::ZERO,
            repeats: Repeats::default(),
            known: None,
            ready: VecDeque::new(),
        }
    }

    async fn join(
        &mut self,
        connection: &dyn Connection,
        groups: &dyn Groups,
    ) -> Result<(), Fault> {
        let member = &self.terms.member;
        self.is_member = groups.make(member, self.terms.after).await?;
        if self.is_member {
            return groups.forget(member, SILENT).await;
        }
        // All that comes from now on is all that there will be.
        self.terms.after = Some(EventId::ZERO);
        let first = connection.read(&member.key, EventId::ZERO, 1, WAIT);
        first.await.map(drop)
    }

    /// What was told twice has fallen to whoever took the first.
    async fn sort_out(
        &mut self,
        connection: &dyn Connection,
        groups: &dyn Groups,
        taken: Vec<Entry>,
    ) -> Result<(), Fault> {
        let Some(last) = taken.last().map(|entry| entry.id) else {
            return Ok(());
        };
        let member = &self.terms.member;
        if self.known.is_none_or(|known| known < last) {
            let (from, count) = match self.known {
                Some(known) => (known.next(), LOOKED_AT),
                None => (EventId::ZERO, FIRST_PAGE + taken.len()),
            };
            let between = connection.tail(&member.key, from, last, count).await?;
            for entry in between.into_iter().rev() {
                self.repeats.is_first(&Event::from(entry));
            }
            self.known = Some(last);
        }
        for event in taken.into_iter().map(Event::from) {
            if self.repeats.is_first(&event) {
                self.ready.push_back(Assigned {
                    event,
                    reader: self.reader.clone(),
                    member: member.clone(),
                });
            } else {
                groups.acknowledge(member, event.id()).await?;
            }
        }
        Ok(())
    }
}
