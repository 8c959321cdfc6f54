//! What those ask who wait in vain: whether runs are alive, and streams there.

use std::sync::Arc;

use futures_util::future::join_all;

use super::{BoxFuture, Connection, Fault, Lease, StreamInfo};
use crate::EventId;

/// Of many, asked at once.
#[derive(Debug)]
pub(crate) struct Look {
    /// Where leases are, and of whom: those are told that have run out.
    pub(crate) leases: Arc<str>,
    pub(crate) members: Vec<Arc<str>>,
    /// Of these it is told whether all of them are there.
    pub(crate) known: Vec<Arc<str>>,
    /// Of each of these, how far it is.
    pub(crate) streams: Vec<Arc<str>>,
}

/// The answer. What is refused of one part is none of the others'.
#[derive(Debug)]
pub(crate) struct Looked {
    pub(crate) expired: Result<Vec<Lease>, Fault>,
    pub(crate) are_there: Result<bool, Fault>,
    /// The last id that each has given out; none where there is no such stream.
    pub(crate) last_ids: Vec<Result<Option<EventId>, Fault>>,
}

/// Where a store has no better way.
pub(super) fn one_by_one<C: Connection + ?Sized>(
    connection: &C,
    look: &Look,
) -> BoxFuture<'static, Result<Looked, Fault>> {
    let lease = |member: &Arc<str>| connection.expired_one(&look.leases, member);
    let info = |key: &Arc<str>| connection.info(key);
    let leases = join_all(look.members.iter().map(lease));
    let known = join_all(look.known.iter().map(info));
    let infos = join_all(look.streams.iter().map(info));
    Box::pin(async move {
        let expired = leases.await.into_iter().filter_map(Result::transpose);
        let mut known = known.await.into_iter();
        let last_id = |info: Result<Option<StreamInfo>, Fault>| Ok(info?.map(|info| info.last_id));
        Ok(Looked {
            expired: expired.collect(),
            are_there: known.try_fold(true, |are, info| Ok(are && info?.is_some())),
            last_ids: infos.await.into_iter().map(last_id).collect(),
        })
    })
}
