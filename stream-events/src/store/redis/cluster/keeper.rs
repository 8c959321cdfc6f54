//! Has a link to each server that has slots, whether or not anything is asked: by that it is seen that one
//! was lost, and heard what changes on a new one.

use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::timeout;

use super::super::super::Class;
use super::address::Address;
use super::nodes::{Nodes, Target};
use super::open::Manner;
use super::topology::Topology;

/// As long as the connection is of use.
pub(super) fn keep(nodes: &Arc<Nodes>) {
    let (topology, bell) = (Arc::clone(&nodes.topology), Arc::clone(&nodes.bell));
    tokio::spawn(kept(Arc::downgrade(nodes), topology, bell));
}

async fn kept(nodes: Weak<Nodes>, topology: Arc<Topology>, bell: Arc<Notify>) {
    loop {
        let Some(next) = nodes.upgrade().and_then(|nodes| next(&nodes)) else {
            return;
        };
        let is_rung = timeout(next.after, bell.notified()).await.is_ok();
        if nodes.strong_count() == 0 {
            return;
        }
        if !is_rung && !next.asks {
            continue;
        }
        if let Err(fault) = topology.refresh(&nodes).await
            && let Some(nodes) = nodes.upgrade()
        {
            nodes.break_off(fault);
        }
    }
}

/// What is to be done next, unless something happens.
struct Next {
    after: Duration,
    /// Whether the cluster is asked, or only looked whether each server is at hand still.
    asks: bool,
}

/// None once all is over.
fn next(nodes: &Arc<Nodes>) -> Option<Next> {
    if nodes.fault().is_some() {
        return None;
    }
    let map = nodes.topology.map();
    let is_told = matches!(nodes.manner, Manner::Told(_));
    if is_told {
        map.masters().iter().for_each(|master| probe(nodes, master));
    }
    let there = map.masters().iter().filter(|master| nodes.keep(master));
    let all_are_there = there.count() == map.masters().len();
    Some(Next {
        after: if all_are_there { LOOK } else { AGAIN },
        // That a server has come which nobody has written to yet is told by nobody.
        asks: is_told || !all_are_there,
    })
}

/// One that says nothing is asked whether it would: a connection that swallows everything looks the same.
fn probe(nodes: &Arc<Nodes>, master: &Address) {
    let (address, asks) = (master.clone(), false);
    let to = Target { address, asks };
    let Some(link) = nodes.ready(&to) else { return };
    let answered = link.ask(&redis::cmd("PING"));
    let nodes = Arc::downgrade(nodes);
    tokio::spawn(async move {
        if let Err(fault) = answered.await
            && fault.class == Class::Connection
            && let Some(nodes) = nodes.upgrade()
        {
            nodes.lost(&to, &link, &fault);
        }
    });
}

const AGAIN: Duration = Duration::from_millis(250);
const LOOK: Duration = Duration::from_secs(1);
