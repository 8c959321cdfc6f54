//! A connection to a cluster: each call goes to the server that has its key.

use std::sync::Arc;
use std::time::Duration;

use super::super::super::{
    Append, Appended, BoxFuture, Class, Connection, Fault, Groups, Lease, LeaseTurn, Leased, Look,
    Looked, NewEntry, Page, StreamInfo, Wanted,
};
use super::appends::Appends;
use super::groups::Group;
use super::nodes::Nodes;
use super::pages::{Pages, news};
use super::route::{asks, route};
use super::slot::slot;
use super::spread::spread;
use super::{confirm, looks, masters};
use crate::EventId;
use crate::event::Entry;
use crate::settings::Durability;

/// Its faults are of whole servers as well: [`Away`](super::super::super::Class::Away) is one, and
/// [`Connection`](super::super::super::Class::Connection) all of them, or one that came back with other data.
pub(super) struct Shared(pub(super) Arc<Nodes>);

impl Connection for Shared {
    fn append(&self, batch: Vec<Arc<Append>>) -> BoxFuture<'static, Result<Vec<Appended>, Fault>> {
        spread::<Appends>(&self.0, batch)
    }

    fn extend(
        &self,
        key: &str,
        entry: NewEntry,
    ) -> BoxFuture<'static, Result<Option<EventId>, Fault>> {
        let extended = route(&self.0, key, move |link, key| {
            let extended = link.extend(key, entry.clone());
            Box::pin(async move {
                match extended.await {
                    // The id is right behind what that server had, which another may not have since a failover.
                    Err(fault) if fault.class == Class::Elsewhere && !asks(&fault) => {
                        Ok(Err(fault))
                    }
                    extended => extended.map(Ok),
                }
            })
        });
        Box::pin(async move { extended.await? })
    }

    fn range(
        &self,
        key: &str,
        from: EventId,
        to: EventId,
        count: usize,
    ) -> BoxFuture<'static, Result<Vec<Entry>, Fault>> {
        route(&self.0, key, move |link, key| {
            link.range(key, from, to, count)
        })
    }

    fn tail(
        &self,
        key: &str,
        from: EventId,
        to: EventId,
        count: usize,
    ) -> BoxFuture<'static, Result<Vec<Entry>, Fault>> {
        route(&self.0, key, move |link, key| {
            link.tail(key, from, to, count)
        })
    }

    fn read(
        &self,
        key: &str,
        after: EventId,
        count: usize,
        wait: Duration,
    ) -> BoxFuture<'static, Result<Vec<Entry>, Fault>> {
        route(&self.0, key, move |link, key| {
            link.read(key, after, count, wait)
        })
    }

    fn pages(&self, wanted: &[Wanted]) -> BoxFuture<'static, Result<Vec<Page>, Fault>> {
        spread::<Pages>(&self.0, wanted.to_vec())
    }

    fn server_of(&self, key: &str) -> usize {
        self.0.topology.map().place(slot(key))
    }

    fn news(
        &self,
        wanted: &[Wanted],
        wait: Duration,
    ) -> BoxFuture<'static, Result<Vec<Arc<str>>, Fault>> {
        Box::pin(news(Arc::clone(&self.0), wanted.to_vec(), wait))
    }

    fn epoch(&self) -> BoxFuture<'static, Result<Option<String>, Fault>> {
        Box::pin(masters::epoch(Arc::clone(&self.0)))
    }

    fn evicts(&self) -> BoxFuture<'static, Result<Option<String>, Fault>> {
        Box::pin(masters::evicts(Arc::clone(&self.0)))
    }

    fn splits(&self) -> BoxFuture<'static, Result<Option<Fault>, Fault>> {
        Box::pin(masters::splits(Arc::clone(&self.0)))
    }

    fn confirm(
        &self,
        written: &[(&str, Duration)],
        level: Durability,
    ) -> BoxFuture<'static, Result<Vec<Result<bool, Fault>>, Fault>> {
        let written = written
            .iter()
            .map(|(key, after)| ((*key).to_owned(), *after));
        Box::pin(confirm::confirm(
            Arc::clone(&self.0),
            written.collect(),
            level,
        ))
    }

    fn info(&self, key: &str) -> BoxFuture<'static, Result<Option<StreamInfo>, Fault>> {
        route(&self.0, key, move |link, key| link.info(key))
    }

    fn fence(&self, key: &str, upto: EventId) -> BoxFuture<'static, Result<(), Fault>> {
        route(&self.0, key, move |link, key| link.fence(key, upto))
    }

    fn groups(&self) -> Box<dyn Groups> {
        Box::new(Group(Arc::clone(&self.0)))
    }

    fn lease(&self, turn: Arc<LeaseTurn>) -> BoxFuture<'static, Result<Leased, Fault>> {
        let key = Arc::clone(&turn.key);
        route(&self.0, &key, move |link, _| link.lease(Arc::clone(&turn)))
    }

    fn expired(
        &self,
        key: &str,
        skip: usize,
        count: usize,
    ) -> BoxFuture<'static, Result<Vec<Lease>, Fault>> {
        route(&self.0, key, move |link, key| {
            link.expired(key, skip, count)
        })
    }

    fn leased(&self, key: &str, most: usize) -> BoxFuture<'static, Result<Vec<Arc<str>>, Fault>> {
        route(&self.0, key, move |link, key| link.leased(key, most))
    }

    fn expired_one(
        &self,
        key: &str,
        member: &str,
    ) -> BoxFuture<'static, Result<Option<Lease>, Fault>> {
        let member = member.to_owned();
        route(&self.0, key, move |link, key| {
            link.expired_one(key, &member)
        })
    }

    fn look(&self, look: Look) -> BoxFuture<'static, Result<Looked, Fault>> {
        looks::look(&self.0, look)
    }
}

#[cfg(test)]
mod tests {
    use support::TestCluster;

    use super::*;
    use crate::event::Values;
    use crate::store::{Purpose, StoreUrl};

    const KEY: &str = "job_events:job_001";

    fn entry(ms: u64) -> NewEntry {
        NewEntry {
            id: Some(EventId::new(ms, 0)),
            values: Values::new(b"{}".to_vec(), b"", "row"),
        }
    }

    /// Here it is the same there; after a failover it may not be.
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn what_goes_behind_what_was_looked_at_does_not_follow_the_stream_to_another_server() {
        let cluster = TestCluster::start(2, 0);
        let store = StoreUrl::new(cluster.url()).open().unwrap();
        let connection = store.connect(Purpose::Prompt).await.unwrap();
        let append = Append {
            key: KEY.into(),
            entries: vec![entry(1)],
            max_len: 100,
            expire: None,
        };
        connection.append(vec![Arc::new(append)]).await.unwrap();
        cluster.move_slot(cluster.slot(KEY), 1 - cluster.owner(KEY));
        let fault = connection.extend(KEY, entry(2)).await.unwrap_err();
        assert_eq!(fault.class, Class::Elsewhere);
        let looked = connection.info(KEY).await.unwrap().unwrap();
        assert_eq!(looked.last_id, EventId::new(1, 0));
        let extended = connection.extend(KEY, entry(2)).await.unwrap();
        assert_eq!(extended, Some(EventId::new(2, 0)));
    }
}
