//! What is asked of all servers that have slots.

use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::time::{Instant, timeout_at};

use super::super::super::{BoxFuture, Class, Connection, Fault};
use super::super::Link;
use super::address::Address;
use super::keeper;
use super::nodes::{Nodes, PATIENCE, Target};

/// Asks each, and gives what those say that answer soon after the first. An error says that none does.
pub(super) async fn each<T>(
    nodes: &Arc<Nodes>,
    ask: impl Fn(&Link) -> BoxFuture<'static, Result<T, Fault>>,
) -> Result<Vec<(Address, T)>, Fault> {
    if let Some(fault) = nodes.fault() {
        return Err(fault);
    }
    let opened_by = Instant::now() + OPENED_IN;
    let one = async |address: &Address| {
        let (address, asks) = (address.clone(), false);
        let to = Target { address, asks };
        let answer = answered(nodes, opened_by, &to, &ask).await;
        (to.address, answer)
    };
    let map = nodes.topology.map();
    let mut asked: FuturesUnordered<_> = map.masters().iter().map(one).collect();
    let (mut given, mut why, mut until) = (Vec::new(), None, opened_by);
    while let Ok(Some((address, answer))) = timeout_at(until, asked.next()).await {
        match answer {
            Ok(answer) => {
                if given.is_empty() {
                    until = Instant::now() + PATIENCE;
                }
                given.push((address, answer));
            }
            Err(fault) => why = Some(fault),
        }
    }
    let silent = map.masters().iter();
    let silent = silent.filter(|master| given.iter().all(|(given, _)| given != *master));
    silent.for_each(|master| nodes.late(master));
    match (given.is_empty(), why) {
        (false, _) => Ok(given),
        (true, Some(fault)) if fault.class != Class::Away => Err(fault),
        (true, why) => {
            let why = why.map_or_else(|| "no answer in time".to_owned(), |fault| fault.why);
            Err(Fault::new(Class::Connection, why))
        }
    }
}

async fn answered<T>(
    nodes: &Arc<Nodes>,
    opened_by: Instant,
    to: &Target,
    ask: impl Fn(&Link) -> BoxFuture<'static, Result<T, Fault>>,
) -> Result<T, Fault> {
    let link = nodes.link_by(opened_by, to).await?;
    match nodes.within(PATIENCE, to, ask(&link)).await {
        Err(fault) if fault.class == Class::Connection => Err(nodes.lost(to, &link, &fault)),
        answer => answer,
    }
}

/// The data of all of them; of one that is away, which it had when it was heard last. From now on it is noticed
/// when one comes that has others, and until then each is kept at hand: of one that is lost while nothing is
/// written to it nobody would know.
pub(super) async fn epoch(nodes: Arc<Nodes>) -> Result<Option<String>, Fault> {
    for (server, epoch) in each(&nodes, Link::epoch).await? {
        nodes.topology.heard(&server, epoch);
    }
    let epochs = nodes.topology.epochs();
    let text: Vec<_> = epochs.iter().map(String::as_str).collect();
    let text = (!text.is_empty()).then(|| text.join(" "));
    nodes.epochs.know(epochs);
    keeper::keep(&nodes);
    Ok(text)
}

/// The first reason that any of them has.
pub(super) async fn evicts(nodes: Arc<Nodes>) -> Result<Option<String>, Fault> {
    let reasons = each(&nodes, Link::evicts).await?;
    Ok(first(reasons))
}

/// As [`evicts`].
pub(super) async fn splits(nodes: Arc<Nodes>) -> Result<Option<Fault>, Fault> {
    let reasons = each(&nodes, Link::splits).await?;
    Ok(first(reasons))
}

fn first<T>(reasons: Vec<(Address, Option<T>)>) -> Option<T> {
    reasons.into_iter().find_map(|(_, reason)| reason)
}

/// Longer than the way to a server may take.
const OPENED_IN: Duration = Duration::from_secs(6);
