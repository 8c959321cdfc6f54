//! The servers of a cluster as one connection has them: a link to each that it needs.

use std::collections::HashMap;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering::AcqRel};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, timeout, timeout_at};

use super::super::super::{BoxFuture, Class, Fault, Purpose};
use super::super::Link;
use super::address::Address;
use super::epochs::Epochs;
use super::map::Map;
use super::node::{Found, Node, Trust};
use super::open::{self, Manner};
use super::route::asks;
use super::slot::slot;
use super::topology::Topology;

pub(super) struct Nodes {
    pub(super) topology: Arc<Topology>,
    pub(super) manner: Manner,
    shelf: Mutex<Shelf>,
    /// A server that has other data may have lost what it had, and then all of this is over.
    pub(super) epochs: Epochs,
    /// Why all of it is of no use any more.
    fault: OnceLock<Fault>,
    is_looking: AtomicBool,
    /// Told when something is to be done about a server.
    pub(super) bell: Arc<Notify>,
}

struct Shelf {
    nodes: HashMap<Address, Arc<Node>>,
    /// The map by which they were last looked through.
    map: Arc<Map>,
}

/// Where something is to be sent.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Target {
    pub(super) address: Address,
    /// Whether the slot is on its way there.
    pub(super) asks: bool,
}

impl Nodes {
    pub(super) fn new(topology: Arc<Topology>, manner: Manner) -> Arc<Self> {
        let map = topology.map();
        Arc::new(Self {
            topology,
            manner,
            shelf: Mutex::new(Shelf {
                nodes: HashMap::new(),
                map,
            }),
            epochs: Epochs::default(),
            fault: OnceLock::new(),
            is_looking: AtomicBool::new(false),
            bell: Arc::default(),
        })
    }

    /// Who has the key's slot.
    pub(super) fn owner(&self, key: &str) -> Option<Target> {
        let map = self.topology.map();
        let address = map.owner(slot(key))?.clone();
        let asks = false;
        Some(Target { address, asks })
    }

    /// A link that is open, and answers.
    pub(super) fn ready(&self, to: &Target) -> Option<Link> {
        let node = self.shelf().nodes.get(&to.address).cloned()?;
        node.ready(to.asks, self.trust())
    }

    /// A link to this server on which something may be asked beside, where there is one.
    pub(super) fn at_hand(&self, address: &Address) -> Option<Link> {
        if !matches!(self.manner.purpose(), Purpose::Prompt) {
            return None;
        }
        let (address, asks) = (address.clone(), false);
        self.ready(&Target { address, asks })
    }

    /// A link to this server. One that is opened for the first time is waited for, for a while; one that is
    /// known to be away is not.
    pub(super) async fn link(self: &Arc<Self>, to: &Target) -> Result<Link, Fault> {
        self.link_by(Instant::now() + PATIENCE, to).await
    }

    /// The same, for so long.
    pub(super) async fn link_by(
        self: &Arc<Self>,
        until: Instant,
        to: &Target,
    ) -> Result<Link, Fault> {
        let node = self.node(&to.address);
        loop {
            let mut turned = pin!(node.turned().notified());
            // Before the look, so that nothing slips between.
            turned.as_mut().enable();
            match node.look(to.asks, self.trust()) {
                Found::Open(link) => return Ok(link),
                Found::Idle(link) => open::ask_again(self, Arc::clone(&node), link),
                Found::Stranger(epoch) => self.admit(&node, epoch)?,
                Found::Shut(fault) => return Err(fault),
                Found::ToOpen => open::open(self, Arc::clone(&node)),
                Found::Opening => {
                    let late = |_| node.late();
                    timeout_at(until, turned).await.map_err(late)?;
                }
            }
        }
    }

    /// Nobody waits for the link to this server any more, if it is not there yet.
    pub(super) fn late(&self, address: &Address) {
        self.node(address).late();
    }

    /// Whether there is a link to it on which it answers; where there is none, it is opened.
    pub(super) fn keep(self: &Arc<Self>, address: &Address) -> bool {
        let node = self.node(address);
        // It is asked for its data once it is used.
        let trust = Trust {
            idle: None,
            ..self.trust()
        };
        match node.look(false, trust) {
            Found::Open(_) | Found::Idle(_) => true,
            Found::Stranger(epoch) => self.admit(&node, epoch).is_ok(),
            Found::ToOpen => {
                open::open(self, node);
                false
            }
            Found::Shut(_) | Found::Opening => false,
        }
    }

    /// The answer, if it comes within this time. Who is late may have been replaced by another.
    pub(super) async fn within<T>(
        self: &Arc<Self>,
        time: Duration,
        to: &Target,
        answer: BoxFuture<'static, Result<T, Fault>>,
    ) -> Result<T, Fault> {
        match timeout(time, answer).await {
            Ok(answer) => answer,
            Err(_) => Err(self.unanswered(to)),
        }
    }

    /// It does not answer in time.
    pub(super) fn unanswered(self: &Arc<Self>, to: &Target) -> Fault {
        self.look_again();
        self.node(&to.address).away("no answer in time")
    }

    /// The link to it is of no use any more.
    pub(super) fn lost(self: &Arc<Self>, to: &Target, link: &Link, fault: &Fault) -> Fault {
        let node = self.node(&to.address);
        node.lost(link, fault);
        self.look_again();
        node.away(&fault.why)
    }

    pub(super) fn answered(&self, to: &Target) {
        if let Some(node) = self.shelf().nodes.get(&to.address) {
            node.answered();
        }
    }

    /// Where another server sends us. From now on the slot is there, unless it is only on its way.
    pub(super) fn redirected(
        self: &Arc<Self>,
        key: &str,
        fault: &Fault,
        by: &Target,
    ) -> Option<Target> {
        let asks = asks(fault);
        let address = by.address.named_at(fault.why.rsplit(' ').next()?)?;
        if !asks {
            self.topology.moved(slot(key), &address);
            self.look_again();
        }
        Some(Target { address, asks })
    }

    /// The cluster may not be as it was.
    pub(super) fn look_again(self: &Arc<Self>) {
        self.topology.doubt();
        self.bell.notify_one();
        if self.is_looking.swap(true, AcqRel) {
            return;
        }
        let (nodes, topology) = (Arc::downgrade(self), Arc::clone(&self.topology));
        tokio::spawn(async move {
            let found = topology.refresh(&nodes).await;
            if let Some(nodes) = nodes.upgrade() {
                nodes.is_looking.swap(false, AcqRel);
                if let Err(fault) = found {
                    nodes.break_off(fault);
                }
            }
        });
    }

    /// What is known of the cluster is of no use: who said so may be cut off from the others.
    pub(super) fn ask_others(self: &Arc<Self>) {
        self.topology.mistrust();
        self.look_again();
    }

    /// Why all of it is of no use any more, if it is.
    pub(super) fn fault(&self) -> Option<Fault> {
        self.fault.get().cloned()
    }

    pub(super) fn break_off(&self, fault: Fault) {
        self.topology.doubt();
        // The first reason counts.
        let _ = self.fault.set(Fault::new(Class::Connection, fault));
        self.manner.end();
        self.bell.notify_one();
    }

    fn trust(&self) -> Trust {
        Trust {
            silence: self.silence(),
            idle: self.epochs.matter().then_some(IDLE),
        }
    }

    /// How long a server may say nothing until it is left alone.
    pub(super) fn silence(&self) -> Option<Duration> {
        match self.manner.purpose() {
            Purpose::Prompt => Some(PATIENCE),
            Purpose::Blocking(_) => None,
            Purpose::Durable => Some(super::super::DURABLE_IN + PATIENCE),
        }
    }

    fn admit(&self, node: &Node, epoch: Option<String>) -> Result<(), Fault> {
        if self.epochs.have(epoch.as_deref()) {
            node.admit();
            return Ok(());
        }
        let why = format!("{}: it may lack what was acknowledged before", node.address);
        let fault = Fault::new(Class::Connection, why);
        self.break_off(fault.clone());
        Err(fault)
    }

    /// Those that are not in the map any more, and that nobody needs, go.
    fn node(&self, address: &Address) -> Arc<Node> {
        let map = self.topology.map();
        let mut shelf = self.shelf();
        if !Arc::ptr_eq(&shelf.map, &map) {
            let is_there = |address: &Address| map.masters().contains(address);
            let stays =
                |address: &Address, node: &Node| is_there(address) || node.unused() < UNUSED;
            shelf.nodes.retain(|address, node| stays(address, node));
            shelf.map = map;
        }
        let node = shelf.nodes.entry(address.clone());
        Arc::clone(node.or_insert_with(|| Arc::new(Node::new(address.clone()))))
    }

    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Nodes {
    fn drop(&mut self) {
        self.bell.notify_one();
    }
}

/// How long one server holds up what others wait for too.
pub(super) const PATIENCE: Duration = Duration::from_secs(1);
/// Two failovers, by which a server is a master again that has lost what it had, take longer. One is noticed by who asks
/// meanwhile: it is sent elsewhere.
const IDLE: Duration = Duration::from_secs(1);
const UNUSED: Duration = Duration::from_secs(10);
