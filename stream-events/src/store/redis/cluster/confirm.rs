//! That what was written is durable: each server says so of what it has.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;

use super::super::super::{Class, Connection, Fault};
use super::super::DURABLE_IN;
use super::masters;
use super::nodes::{Nodes, PATIENCE, Target};
use crate::settings::Durability;

/// What was written last on a server covers what was before it there.
pub(super) async fn confirm(
    nodes: Arc<Nodes>,
    written: Vec<(String, Duration)>,
    level: Durability,
) -> Result<Vec<Result<bool, Fault>>, Fault> {
    if let Some(fault) = nodes.fault() {
        return Err(fault);
    }
    if written.is_empty() {
        // Whether they can at all: they are alike.
        masters::each(&nodes, |link| link.confirm(&[], level)).await?;
        return Ok(Vec::new());
    }
    let owners: Vec<_> = written.iter().map(|(key, _)| nodes.owner(key)).collect();
    let mut last = HashMap::new();
    for (owner, written) in owners.iter().zip(&written) {
        if let Some(owner) = owner {
            last.insert(owner.clone(), written);
        }
    }
    let confirmed = last.into_iter().map(async |(to, (key, after))| {
        let confirmed = of_one(&nodes, &to, (key, *after), level).await;
        (to, confirmed)
    });
    let confirmed: HashMap<_, _> = join_all(confirmed).await.into_iter().collect();
    let nobody = || Err(Fault::new(Class::Later, "no server has the slot just now"));
    let each = owners.iter().map(|owner| {
        let confirmed = owner.as_ref().and_then(|owner| confirmed.get(owner));
        confirmed.cloned().unwrap_or_else(nobody)
    });
    Ok(each.collect())
}

async fn of_one(
    nodes: &Arc<Nodes>,
    to: &Target,
    last: (&str, Duration),
    level: Durability,
) -> Result<bool, Fault> {
    let link = match nodes.link(to).await {
        Err(fault) if fault.class == Class::Connection => {
            return Err(Fault::new(Class::Away, fault));
        }
        link => link?,
    };
    let time = DURABLE_IN + PATIENCE;
    let confirmed = nodes.within(time, to, link.confirm(&[last], level));
    match confirmed.await {
        Ok(confirmed) => confirmed.into_iter().next().unwrap_or(Ok(false)),
        Err(fault) if fault.class == Class::Connection => Err(nodes.lost(to, &link, &fault)),
        // It is asked for again, of the server that has the last one now.
        Err(fault) if fault.class == Class::Elsewhere => {
            nodes.redirected(last.0, &fault, to);
            Err(Fault::new(Class::Later, "its slot moves to another server"))
        }
        Err(fault) => Err(fault),
    }
}
