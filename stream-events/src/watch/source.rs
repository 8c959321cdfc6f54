//! Where a watch has its entries from: a connection of its own, or one that it shares.

use std::ops::Deref;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{Either, join_all, select};
use tokio::time::timeout;

use super::WAIT;
use crate::EventId;
use crate::event::Entry;
use crate::hub::{Desk, Seat};
use crate::store::{BoxFuture, Class, Connection, Fault, Lease, Purpose, Store};

/// How long the question for leases, which another server may have, holds up what comes of the job.
const ANSWERED_IN: Duration = Duration::from_secs(1);

/// Opens what a watch reads on, anew after each loss.
#[derive(Clone)]
pub(crate) enum Source {
    Own(Arc<dyn Store>),
    Shared(Arc<Desk>),
}

impl Source {
    pub(super) async fn open(&self) -> Result<Line, Fault> {
        match self {
            Self::Own(store) => Ok(Line::Own(store.connect(Purpose::Blocking(WAIT)).await?)),
            Self::Shared(desk) => Ok(Line::Shared(desk.open().await?)),
        }
    }

    pub(super) fn store(&self) -> &dyn Store {
        match self {
            Self::Own(store) => &**store,
            Self::Shared(desk) => desk.store(),
        }
    }
}

/// What a watch reads on. What is none of these is asked of the connection below.
pub(super) enum Line {
    Own(Box<dyn Connection>),
    Shared(Seat),
}

impl Line {
    /// As of a [`Connection`], without holding up others.
    pub(super) fn read(
        &self,
        key: &str,
        after: EventId,
        count: usize,
        wait: Duration,
    ) -> BoxFuture<'static, Result<Vec<Entry>, Fault>> {
        match self {
            Self::Own(connection) => connection.read(key, after, count, wait),
            Self::Shared(seat) => seat.read(key, after, count, wait),
        }
    }

    /// What is asked, unless entries come before that, or one of both fails. Where many ask, each waits for its
    /// turn; on a connection of its own a read would hold up what is asked.
    pub(super) async fn unless_read<T>(
        &self,
        key: &str,
        after: EventId,
        count: usize,
        asked: impl Future<Output = T> + Send,
    ) -> Result<Either<Vec<Entry>, T>, Fault> {
        let Self::Shared(seat) = self else {
            return Ok(Either::Right(asked.await));
        };
        let read = seat.read(key, after, count, Duration::MAX);
        match select(read, pin!(asked)).await {
            Either::Right((answer, _)) => Ok(Either::Right(answer)),
            Either::Left((entries, asked)) => match entries? {
                // It is gone, perhaps.
                none if none.is_empty() => Ok(Either::Right(asked.await)),
                entries => Ok(Either::Left(entries)),
            },
        }
    }

    /// Of these leases, those that have run out.
    pub(super) fn expired(
        &self,
        leases: &Arc<str>,
        members: Vec<Arc<str>>,
    ) -> BoxFuture<'static, Result<Vec<Lease>, Fault>> {
        match self {
            Self::Own(connection) => {
                let lease = |member: &Arc<str>| connection.expired_one(leases, member);
                let asked = join_all(members.iter().map(lease));
                Box::pin(async move {
                    let late = |_| Fault::new(Class::Away, "no answer in time");
                    let leases = timeout(ANSWERED_IN, asked).await.map_err(late)?;
                    leases.into_iter().filter_map(Result::transpose).collect()
                })
            }
            Self::Shared(seat) => seat.expired(leases, members),
        }
    }

    /// How far a stream is of which this was seen; none where there is none.
    pub(super) fn last_id(
        &self,
        key: &str,
        seen: EventId,
    ) -> BoxFuture<'static, Result<Option<EventId>, Fault>> {
        match self {
            Self::Own(connection) => {
                let info = connection.info(key);
                Box::pin(async move { Ok(info.await?.map(|info| info.last_id)) })
            }
            Self::Shared(seat) => seat.last_id(key, seen),
        }
    }
}

impl Deref for Line {
    type Target = dyn Connection;

    fn deref(&self) -> &Self::Target {
        match self {
            Self::Own(connection) => &**connection,
            Self::Shared(seat) => seat.connection(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use super::*;
    use crate::event::Values;
    use crate::store::{Append, NewEntry, StoreUrl};

    const KEY: &str = "job_events:j";

    async fn append(store: &dyn Store, ms: u64) {
        let entry = NewEntry {
            id: Some(EventId::new(ms, 0)),
            values: Values::new(b"{}".to_vec(), b"", "row"),
        };
        let append = Append {
            key: KEY.into(),
            entries: vec![entry],
            max_len: 100,
            expire: None,
        };
        let connection = store.connect(Purpose::Prompt).await.unwrap();
        connection.append(vec![Arc::new(append)]).await.unwrap();
    }

    /// Thousands ask, and each may wait for seconds.
    #[tokio::test]
    async fn who_shares_a_connection_hears_what_comes_while_it_is_asked() {
        let store = StoreUrl::new("memory:asked").open().unwrap();
        let desk = Desk::new(Arc::clone(&store), "job_events".into());
        let line = Source::Shared(desk.into()).open().await.unwrap();
        append(&*store, 1).await;
        let after = EventId::new(1, 0);
        let answer = line.unless_read(KEY, after, 10, ready(7)).await.unwrap();
        assert!(matches!(answer, Either::Right(7)));
        let comes = async {
            tokio::task::yield_now().await;
            append(&*store, 2).await;
        };
        let reads = line.unless_read(KEY, after, 10, pending::<()>());
        let both = async { tokio::join!(reads, comes) };
        let (read, ()) = timeout(WAIT, both).await.expect("it is heard");
        let Either::Left(entries) = read.unwrap() else {
            panic!("there is no answer")
        };
        assert_eq!((entries.len(), entries[0].id.ms()), (1, 2));
    }
}
