//! What is asked of all servers that have slots.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures_util::future::join_all;

use super::super::super::{BoxFuture, Class, Connection, Fault};
use super::super::Link;
use super::keeper;
use super::nodes::{Nodes, PATIENCE, Target};

/// Asks each, and gives what those say that answer soon. An error says that none does.
pub(super) async fn each<T>(
    nodes: &Arc<Nodes>,
    ask: impl Fn(&Link) -> BoxFuture<'static, Result<T, Fault>>,
) -> Result<Vec<T>, Fault> {
    if let Some(fault) = nodes.fault() {
        return Err(fault);
    }
    let map = nodes.topology.map();
    let one = async |address| {
        let asks = false;
        let to = Target { address, asks };
        let link = nodes.link(&to).await?;
        match nodes.within(PATIENCE, &to, ask(&link)).await {
            Err(fault) if fault.class == Class::Connection => Err(nodes.lost(&to, &link, &fault)),
            answer => answer,
        }
    };
    let answers = join_all(map.masters().iter().cloned().map(one)).await;
    let (mut given, mut why) = (Vec::new(), None);
    for answer in answers {
        match answer {
            Ok(answer) => given.push(answer),
            Err(fault) => why = Some(fault),
        }
    }
    match (given.is_empty(), why) {
        (
            true,
            Some(Fault {
                class: Class::Away,
                why,
                ..
            }),
        ) => Err(Fault::new(Class::Connection, why)),
        (true, Some(fault)) => Err(fault),
        _ => Ok(given),
    }
}

/// The data of all of them. From now on it is noticed when one comes that has others, and until then each
/// is kept at hand: of one that is lost while nothing is written to it nobody would know.
pub(super) async fn epoch(nodes: Arc<Nodes>) -> Result<Option<String>, Fault> {
    let epochs = each(&nodes, Link::epoch).await?;
    let epochs: BTreeSet<String> = epochs.into_iter().flatten().collect();
    let text: Vec<_> = epochs.iter().map(String::as_str).collect();
    let text = (!text.is_empty()).then(|| text.join(" "));
    nodes.epochs.know(epochs);
    keeper::keep(&nodes);
    Ok(text)
}

/// The first reason that any of them has.
pub(super) async fn evicts(nodes: Arc<Nodes>) -> Result<Option<String>, Fault> {
    let reasons = each(&nodes, Link::evicts).await?;
    Ok(reasons.into_iter().flatten().next())
}

/// As [`evicts`].
pub(super) async fn splits(nodes: Arc<Nodes>) -> Result<Option<Fault>, Fault> {
    let reasons = each(&nodes, Link::splits).await?;
    Ok(reasons.into_iter().flatten().next())
}
