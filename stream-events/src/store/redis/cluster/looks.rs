//! What is asked of many runs and streams at once, each key's at the server that has it.

use std::sync::Arc;

use futures_util::future::{join_all, join3};

use super::super::super::{BoxFuture, Connection, Expired, Fault, Look, Looked, Members};
use super::nodes::Nodes;
use super::route::route;
use crate::EventId;

/// All is on its way at the call, where there are links.
pub(super) fn look(nodes: &Arc<Nodes>, look: Look) -> BoxFuture<'static, Result<Looked, Fault>> {
    let leases = look.leases.into_iter().map(|leases| expired(nodes, leases));
    let known = look.known.iter().map(|key| is_there(nodes, key));
    let streams = look.streams.iter().map(|key| last_id(nodes, key));
    let all = join3(join_all(leases), join_all(known), join_all(streams));
    Box::pin(async move {
        let (expired, known, last_ids) = all.await;
        let mut known = known.into_iter();
        Ok(Looked {
            expired,
            are_there: known.try_fold(true, |are, is| Ok(are && is?)),
            last_ids,
        })
    })
}

fn expired(nodes: &Arc<Nodes>, leases: Members) -> BoxFuture<'static, Expired> {
    let key = Arc::clone(&leases.key);
    route(nodes, &key, move |link, _| {
        let looked = link.look(Look {
            leases: vec![leases.clone()],
            ..Look::default()
        });
        Box::pin(async move { looked.await?.expired.pop().unwrap_or(Ok(Vec::new())) })
    })
}

fn is_there(nodes: &Arc<Nodes>, key: &str) -> BoxFuture<'static, Result<bool, Fault>> {
    route(nodes, key, |link, key| {
        let looked = link.look(Look {
            known: vec![key.into()],
            ..Look::default()
        });
        Box::pin(async move { looked.await?.are_there })
    })
}

fn last_id(nodes: &Arc<Nodes>, key: &str) -> BoxFuture<'static, Result<Option<EventId>, Fault>> {
    route(nodes, key, |link, key| {
        let info = link.info(key);
        Box::pin(async move { Ok(info.await?.map(|info| info.last_id)) })
    })
}
