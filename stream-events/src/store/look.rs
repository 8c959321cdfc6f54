//! What those ask who wait in vain: whether runs are alive, and streams there.

use std::sync::Arc;

use futures_util::future::join_all;

use super::{BoxFuture, Connection, Fault, Lease, StreamInfo};
use crate::EventId;

/// Of many, asked at once.
#[derive(Debug, Default)]
pub(crate) struct Look {
    /// Leases, of which those are told that have run out.
    pub(crate) leases: Vec<Members>,
    /// Of these it is told whether all of them are there.
    pub(crate) known: Vec<Arc<str>>,
    /// Of each of these, how far it is.
    pub(crate) streams: Vec<Arc<str>>,
}

/// Leases of one key.
#[derive(Debug, Clone)]
pub(crate) struct Members {
    pub(crate) key: Arc<str>,
    pub(crate) members: Vec<Arc<str>>,
}

/// The answer. What is refused of one part is none of the others'.
#[derive(Debug)]
pub(crate) struct Looked {
    /// Of each key.
    pub(crate) expired: Vec<Expired>,
    pub(crate) are_there: Result<bool, Fault>,
    /// The last id that each has given out; none where there is no such stream.
    pub(crate) last_ids: Vec<Result<Option<EventId>, Fault>>,
}

pub(crate) type Expired = Result<Vec<Lease>, Fault>;

/// Where a store has no better way.
pub(super) fn one_by_one<C: Connection + ?Sized>(
    connection: &C,
    look: &Look,
) -> BoxFuture<'static, Result<Looked, Fault>> {
    let leases = |Members { key, members }: &Members| {
        let lease = |member: &Arc<str>| connection.expired_one(key, member);
        join_all(members.iter().map(lease))
    };
    let info = |key: &Arc<str>| connection.info(key);
    let leases = join_all(look.leases.iter().map(leases));
    let known = join_all(look.known.iter().map(info));
    let infos = join_all(look.streams.iter().map(info));
    Box::pin(async move {
        let expired = leases.await.into_iter().map(|leases| {
            let leases = leases.into_iter().filter_map(Result::transpose);
            leases.collect()
        });
        let mut known = known.await.into_iter();
        let last_id = |info: Result<Option<StreamInfo>, Fault>| Ok(info?.map(|info| info.last_id));
        Ok(Looked {
            expired: expired.collect(),
            are_there: known.try_fold(true, |are, info| Ok(are && info?.is_some())),
            last_ids: infos.await.into_iter().map(last_id).collect(),
        })
    })
}
