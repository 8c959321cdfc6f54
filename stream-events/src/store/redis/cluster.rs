//! A store that is the servers of a cluster, each of which has some of the
//! [slots](https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/).

mod address;
mod appends;
mod confirm;
mod epochs;
mod groups;
mod keeper;
mod looks;
mod map;
mod masters;
mod node;
mod nodes;
mod open;
mod pages;
mod route;
mod shared;
mod slot;
mod spread;
mod topology;

use std::fmt;
use std::future::ready;
use std::sync::Arc;

use redis::ConnectionAddr;

use super::super::changes::changes;
use super::super::{BoxFuture, Class, Connection, Fault, Purpose, Store, Tracking};
use super::hosts::in_order;
use super::way::Way;
use address::Address;
use nodes::Nodes;
use open::Manner;
use shared::Shared;
use topology::Topology;

use crate::index::Shards;

/// Events are read where they are written, at masters: a replica lags behind, so that who comes back to it
/// could miss what was read before.
pub(super) struct Cluster {
    topology: Arc<Topology>,
    shown: String,
    place: String,
}

impl Cluster {
    /// Any of its servers tells of the others.
    pub(super) fn new(seeds: &[ConnectionAddr], way: Way, shown: String) -> Self {
        let place = format!("redis+cluster://{}", in_order(seeds));
        let seeds = seeds.iter().filter_map(Address::of).collect();
        Self {
            place,
            topology: Arc::new(Topology::new(way, seeds)),
            shown,
        }
    }

    async fn open(&self, manner: Manner) -> Result<Arc<Nodes>, Fault> {
        self.topology.sure().await?;
        Ok(Nodes::new(Arc::clone(&self.topology), manner))
    }

    /// A connection that is told of changes by each server; what those that are away would say is read once
    /// they are back. None where one refuses to tell.
    async fn told(&self, prefix: &str) -> Result<Option<Tracking>, Fault> {
        let (teller, changes) = changes();
        let nodes = self.open(Manner::told(prefix, teller)).await?;
        let are_open = masters::each(&nodes, |_| Box::pin(ready(Ok(())))).await;
        if nodes.fault().is_some() {
            return Ok(None);
        }
        are_open.map_err(|fault| Fault::new(Class::Connection, fault))?;
        keeper::keep(&nodes);
        Ok(Some(Tracking {
            connection: Box::new(Shared(nodes)),
            changes: Some(changes),
        }))
    }
}

impl Store for Cluster {
    fn connect(&self, purpose: Purpose) -> BoxFuture<'_, Result<Box<dyn Connection>, Fault>> {
        Box::pin(async move {
            let nodes = self.open(Manner::Plain(purpose)).await?;
            Ok(Box::new(Shared(nodes)) as Box<dyn Connection>)
        })
    }

    fn track<'a>(&'a self, prefix: &'a str) -> BoxFuture<'a, Result<Tracking, Fault>> {
        Box::pin(async move {
            if let Some(tracking) = self.told(prefix).await? {
                return Ok(tracking);
            }
            Ok(Tracking {
                connection: self.connect(Purpose::Prompt).await?,
                changes: None,
            })
        })
    }

    fn shown(&self) -> &str {
        &self.shown
    }

    fn place(&self) -> String {
        self.place.clone()
    }

    fn shards(&self) -> Shards {
        Shards::OF_CLUSTER
    }
}

impl fmt::Debug for Cluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cluster({:?})", self.shown)
    }
}
