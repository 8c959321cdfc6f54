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
    if let Manner::Told(_) = nodes.manner {
        map.masters().iter().for_each(|master| probe(nodes, master));
    }
    let there = map.masters().iter().filter(|master| nodes.keep(master));
    let all_are_there = there.count() == map.masters().len();
    Some(match nodes.manner {
        _ if !all_are_there => Some(AGAIN),
        // That a server has come which nobody has written to yet is told by nobody.
        Manner::Told(_) => Some(LOOK),
        Manner::Plain(_) => None,
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
