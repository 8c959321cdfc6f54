//! A member at work: takes what falls to it, and takes over what others have left.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::Assigned;
use super::hand::{Hand, Taken};
use crate::event::Entry;
use crate::reader::Reader;
use crate::reader::feed::repeats::Repeats;
use crate::reader::page::FIRST_PAGE;
use crate::store::{BoxFuture, Connection, Fault, Groups, Member, Purpose};
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

/// Of one shard.
pub(super) struct Taker {
    reader: Reader,
    member: Member,
    /// Where the group begins if it has yet to be made.
    after: Option<EventId>,
    claim_after: Duration,
    /// None where there is no other shard.
    hand: Option<Hand>,
    is_member: bool,
    claims_at: Instant,
    /// Where the look at what others have left goes on.
    claims_from: EventId,
    /// With a hand, the newest where there was nothing more to take.
    quiet_at: Option<EventId>,
    /// The events of the feed up to this one, whoever has taken them.
    repeats: Repeats,
    known: Option<EventId>,
    ready: VecDeque<Taken>,
}

impl Follow for Taker {
    type Item = Taken;
    type Line = Box<dyn Connection>;

    fn open(&self) -> BoxFuture<'_, Result<Self::Line, Fault>> {
        self.reader.store.connect(Purpose::Blocking(WAIT))
    }

    async fn turn(&mut self, connection: &Self::Line) -> Result<(), Fault> {
        let connection = &**connection;
        if !self.is_member {
            return self.join(connection).await;
        }
        let Some(hand) = self.hand.clone() else {
            return self.look(connection, self.wait()).await.map(drop);
        };
        if let Some(newest) = self.quiet_at.take()
            && self.claims_at > Instant::now()
        {
            // Who waited by taking would be given what it is not asked for.
            let key = &self.member.key;
            return connection.read(key, newest, 1, self.wait()).await.map(drop);
        }
        let newest = connection.tail(&self.member.key, EventId::ZERO, EventId::MAX, 1);
        let newest = newest.await?.first().map_or(EventId::ZERO, |it| it.id);
        let (is_quiet, permit) = hand.hold(self.look(connection, Duration::ZERO)).await;
        self.quiet_at = is_quiet?.then_some(newest);
        if let Some(taken) = self.ready.back_mut() {
            taken.hand = permit;
        }
        Ok(())
    }

    fn ready(&mut self) -> &mut VecDeque<Taken> {
        &mut self.ready
    }

    fn line_lost(&mut self) {
        self.quiet_at = None;
    }

    fn refused(&self, fault: Fault) -> Error {
        self.reader.refused(fault)
    }
}

impl Taker {
    pub(super) fn new(
        reader: Reader,
        member: Member,
        after: Option<EventId>,
        claim_after: Duration,
        hand: Option<Hand>,
    ) -> Self {
        Self {
            reader,
            member,
            after,
            claim_after,
            hand,
            is_member: false,
            claims_at: Instant::now(),
            claims_from: EventId::ZERO,
            quiet_at: None,
            repeats: Repeats::default(),
            known: None,
            ready: VecDeque::new(),
        }
    }

    /// Until the next look at what others have left.
    fn wait(&self) -> Duration {
        let wait = self.claims_at.saturating_duration_since(Instant::now());
        wait.clamp(SHORTEST_PAUSE, WAIT)
    }

    /// At what others have left, if it is time, or else at what comes until `wait` is over; whether that was
    /// nothing.
    async fn look(&mut self, connection: &dyn Connection, wait: Duration) -> Result<bool, Fault> {
        let groups = connection.groups();
        let now = Instant::now();
        let claims = self.claims_at <= now;
        let taken = if claims {
            let (idle, from) = (self.claim_after, self.claims_from);
            let claimed = groups.claim(&self.member, idle, from, AT_ONCE).await?;
            let (claimed, next) = claimed.unzip();
            self.claims_from = next.unwrap_or(EventId::ZERO);
            // All have been looked at.
            if self.claims_from == EventId::ZERO {
                self.claims_at = now + (idle / 4).clamp(SHORTEST_PAUSE, LONGEST_PAUSE);
            }
            claimed
        } else {
            groups.take(&self.member, AT_ONCE, wait).await?
        };
        let Some(taken) = taken else {
            // All that comes is of a new feed.
            self.is_member = false;
            self.after = Some(EventId::ZERO);
            return Ok(false);
        };
        let is_quiet = !claims && taken.is_empty();
        self.sort_out(connection, &*groups, taken).await?;
        Ok(is_quiet)
    }

    async fn join(&mut self, connection: &dyn Connection) -> Result<(), Fault> {
        let (groups, member) = (connection.groups(), &self.member);
        self.is_member = groups.make(member, self.after).await?;
        if self.is_member {
            return groups.forget(member, SILENT).await;
        }
        // All that comes from now on is all that there will be.
        self.after = Some(EventId::ZERO);
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
        let member = &self.member;
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
                let assigned = Assigned {
                    event,
                    reader: self.reader.clone(),
                    member: member.clone(),
                };
                let hand = None;
                self.ready.push_back(Taken { assigned, hand });
            } else {
                groups.acknowledge(member, event.id()).await?;
            }
        }
        Ok(())
    }
}
