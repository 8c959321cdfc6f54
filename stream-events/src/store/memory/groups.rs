//! The groups of a memory, with the semantics of those of a stream.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::super::{BoxFuture, Claimed, Fault, Groups, Member};
use super::Streams;
use crate::EventId;
use crate::event::Entry;

/// By key and name.
pub(super) type GroupBook = HashMap<[Arc<str>; 2], Group>;

pub(super) struct Group {
    /// The last that was taken.
    last: EventId,
    pending: BTreeMap<EventId, Instant>,
}

impl Groups for Arc<Streams> {
    fn make(
        &self,
        member: &Member,
        after: Option<EventId>,
    ) -> BoxFuture<'static, Result<bool, Fault>> {
        let newest = self.shelf().get(&member.key).map(|it| it.info().last_id);
        if let Some(newest) = newest {
            self.groups().entry(name(member)).or_insert_with(|| Group {
                last: after.unwrap_or(newest),
                pending: BTreeMap::new(),
            });
        }
        Box::pin(std::future::ready(Ok(newest.is_some())))
    }

    fn take(
        &self,
        member: &Member,
        count: usize,
        wait: Duration,
    ) -> BoxFuture<'static, Result<Option<Vec<Entry>>, Fault>> {
        let (streams, member) = (Self::clone(self), member.clone());
        Box::pin(async move {
            let mut appended = streams.appended.subscribe();
            let first = async {
                loop {
                    let entries = streams.take_now(&member, count);
                    let is_empty = entries.as_ref().is_some_and(Vec::is_empty);
                    if !is_empty || appended.changed().await.is_err() {
                        return entries;
                    }
                }
            };
            let taken = tokio::time::timeout(wait, first).await;
            Ok(taken.unwrap_or_else(|_| Some(Vec::new())))
        })
    }

    fn claim(
        &self,
        member: &Member,
        idle: Duration,
        from: EventId,
        count: usize,
    ) -> BoxFuture<'static, Result<Option<Claimed>, Fault>> {
        let claimed = self.of(member, |streams, group| {
            let now = Instant::now();
            let (mut claimed, mut gone) = (Vec::new(), Vec::new());
            let mut next = EventId::ZERO;
            for (id, since) in group.pending.range_mut(from..) {
                if claimed.len() >= count {
                    next = *id;
                    break;
                }
                if now.duration_since(*since) < idle {
                    continue;
                }
                *since = now;
                match streams.between(&member.key, *id, *id, 1).pop() {
                    Some(entry) => claimed.push(entry),
                    None => gone.push(*id),
                }
            }
            for id in gone {
                group.pending.remove(&id);
            }
            (claimed, next)
        });
        Box::pin(std::future::ready(Ok(claimed)))
    }

    fn acknowledge(&self, member: &Member, id: EventId) -> BoxFuture<'static, Result<(), Fault>> {
        self.of(member, |_, group| group.pending.remove(&id));
        Box::pin(std::future::ready(Ok(())))
    }

    /// Of members nothing is kept but what they have taken.
    fn forget(&self, _: &Member, _: Duration) -> BoxFuture<'static, Result<(), Fault>> {
        Box::pin(std::future::ready(Ok(())))
    }
}

impl Streams {
    fn take_now(&self, member: &Member, count: usize) -> Option<Vec<Entry>> {
        self.of(member, |streams, group| {
            let next = group.last.next();
            let entries = streams.between(&member.key, next, EventId::MAX, count);
            let now = Instant::now();
            group.last = entries.last().map_or(group.last, |entry| entry.id);
            let pending = entries.iter().map(|entry| (entry.id, now));
            group.pending.extend(pending);
            entries
        })
    }

    /// None where there is no such group; it goes with its stream.
    fn of<T>(&self, member: &Member, work: impl FnOnce(&Self, &mut Group) -> T) -> Option<T> {
        let mut groups = self.groups();
        if self.shelf().get(&member.key).is_none() {
            groups.remove(&name(member));
        }
        groups.get_mut(&name(member)).map(|group| work(self, group))
    }

    fn groups(&self) -> MutexGuard<'_, GroupBook> {
        self.groups.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn name(member: &Member) -> [Arc<str>; 2] {
    [Arc::clone(&member.key), Arc::clone(&member.group)]
}
