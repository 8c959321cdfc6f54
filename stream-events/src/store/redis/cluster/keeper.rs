//! Has a link to each server that has slots, whether or not anything is asked: by that it is seen that one
//! was lost, and heard what changes on a new one.

use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::timeout;

use super::nodes::Nodes;
use super::open::Manner;
use super::topology::Topology;

/// As long as the connection is of use.
pub(super) fn keep(nodes: &Arc<Nodes>) {
    let (topology, bell) = (Arc::clone(&nodes.topology), Arc::clone(&nodes.bell));
    tokio::spawn(kept(Arc::downgrade(nodes), topology, bell));
}

async fn kept(nodes: Weak<Nodes>, topology: Arc<Topology>, bell: Arc<Notify>) {
    loop {
        let Some(rest) = nodes.upgrade().and_then(|nodes| rest(&nodes)) else {
            return;
        };
        match rest {
            Some(time) => drop(timeout(time, bell.notified()).await),
            None => bell.notified().await,
        }
        if nodes.strong_count() == 0 {
            return;
        }
        if let Err(fault) = topology.refresh().await
            && let Some(nodes) = nodes.upgrade()
        {
            nodes.break_off(fault);
        }
    }
}

/// How long there is nothing to do, at most; none once all is over.
fn rest(nodes: &Arc<Nodes>) -> Option<Option<Duration>> {
    if nodes.fault().is_some() {
        return None;
    }
    let map = nodes.topology.map();
    let there = map.masters().iter().filter(|master| nodes.keep(master));
    let all_are_there = there.count() == map.masters().len();
    Some(match nodes.manner {
        _ if !all_are_there => Some(AGAIN),
        // That a server has come which nobody has written to yet is told by nobody.
        Manner::Told(_) => Some(LOOK),
        Manner::Plain(_) => None,
    })
}

const AGAIN: Duration = Duration::from_millis(250);
const LOOK: Duration = Duration::from_secs(1);
