//! How the link to a server of a cluster is opened.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use tokio::time::timeout;

use super::super::super::changes::{Changes, Teller};
use super::super::super::{Class, Connection, Fault, Purpose};
use super::super::Link;
use super::node::Node;
use super::nodes::{Nodes, PATIENCE};

/// What the links of a connection are for.
pub(super) enum Manner {
    Plain(Purpose),
    Told(Told),
}

/// Each link is told which keys change that begin with this, and passes it on.
pub(super) struct Told {
    prefix: String,
    /// None once it is over.
    teller: Mutex<Option<Arc<Teller>>>,
}

impl Manner {
    pub(super) fn told(prefix: &str, teller: Teller) -> Self {
        Self::Told(Told {
            prefix: prefix.to_owned(),
            teller: Mutex::new(Some(Arc::new(teller))),
        })
    }

    pub(super) fn purpose(&self) -> Purpose {
        match self {
            Self::Plain(purpose) => *purpose,
            Self::Told(_) => Purpose::Prompt,
        }
    }

    /// Nothing is told any more.
    pub(super) fn end(&self) {
        if let Self::Told(told) = self {
            told.teller().take();
        }
    }
}

impl Told {
    fn teller(&self) -> MutexGuard<'_, Option<Arc<Teller>>> {
        self.teller.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whatever has changed there while nobody was told is to be read, and what changes from now on.
    fn pass_on(&self, changes: Changes) {
        if let Some(teller) = &*self.teller() {
            teller.all();
            tokio::spawn(pass_on(changes, Arc::downgrade(teller)));
        }
    }
}

/// Until one of both ends is gone.
async fn pass_on(changes: Changes, teller: Weak<Teller>) {
    while let Some(told) = changes.next().await
        && let Some(teller) = teller.upgrade()
    {
        match told.is_all {
            true => teller.all(),
            false => told.keys().for_each(|key| teller.key(key.as_bytes())),
        }
    }
}

/// Opens it behind the back of who asks: that takes its time where a server is away.
pub(super) fn open(nodes: &Arc<Nodes>, node: Arc<Node>) {
    let nodes = Arc::clone(nodes);
    tokio::spawn(async move {
        match opened(&nodes, &node).await {
            Ok((link, epoch)) => {
                let pulse = Arc::clone(link.0.pulse());
                node.opened(link, epoch, !nodes.epochs.matter());
                // Nobody may be asking anything when it is lost.
                let nodes_then = Arc::downgrade(&nodes);
                // Whoever waits for its end keeps none of its handles, of which the last one closes it.
                drop((nodes, node));
                pulse.over().await;
                if let Some(nodes) = nodes_then.upgrade() {
                    nodes.look_again();
                }
            }
            Err(fault) => {
                node.failed(&fault);
                nodes.look_again();
            }
        }
    });
}

/// Asks which data its server has by now, behind the back of who asks, as above. The link stays what it is.
pub(super) fn ask_again(nodes: &Arc<Nodes>, node: Arc<Node>, link: Link) {
    let nodes = Arc::clone(nodes);
    tokio::spawn(async move {
        match epoch(&nodes, &node, &link).await {
            Ok(epoch) => node.opened(link, epoch, false),
            Err(fault) => {
                node.failed(&fault);
                nodes.look_again();
            }
        }
    });
}

/// A link, and which data the server has.
async fn opened(nodes: &Nodes, node: &Node) -> Result<(Link, Option<String>), Fault> {
    let (way, address) = (&nodes.topology.way, node.address.connection());
    let link = match &nodes.manner {
        Manner::Plain(purpose) => way.open(&address, *purpose).await?,
        Manner::Told(told) => {
            let (link, changes) = way.open_told(&address, &told.prefix).await?;
            let Some(changes) = changes else {
                let fault = Fault::new(Class::Denied, UNTOLD);
                nodes.break_off(fault.clone());
                return Err(fault);
            };
            told.pass_on(changes);
            link
        }
    };
    if !nodes.epochs.matter() {
        return Ok((link, None));
    }
    let epoch = epoch(nodes, node, &link).await?;
    Ok((link, epoch))
}

async fn epoch(nodes: &Nodes, node: &Node, link: &Link) -> Result<Option<String>, Fault> {
    let late = |_| Err(node.away("no answer in time"));
    let epoch = timeout(PATIENCE, link.epoch()).await.unwrap_or_else(late);
    let epoch = match epoch {
        // We may not ask.
        Err(fault) if fault.class == Class::Never => None,
        epoch => epoch?,
    };
    nodes.topology.heard(&node.address, epoch.clone());
    Ok(epoch)
}

const UNTOLD: &str = "the server does not tell what changes";
