//! Where a watch has its entries from: a connection of its own, or one that it shares.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;

use super::WAIT;
use crate::EventId;
use crate::event::Entry;
use crate::hub::{Desk, Seat};
use crate::store::{BoxFuture, Connection, Fault, Lease, Purpose, Store};

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
                    let leases = asked.await.into_iter();
                    leases.filter_map(Result::transpose).collect()
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
