//! A store that is one server.

use std::fmt;

use redis::ConnectionAddr;

use super::super::changes::Changes;
use super::super::{BoxFuture, Class, Connection, Fault, Purpose, Store, Tracking};
use super::Link;
#[cfg(feature = "sentinel")]
use super::sentinel::Sentinels;
use super::way::Way;

pub(super) struct Server {
    address: Address,
    way: Way,
    shown: String,
    place: String,
}

/// Where it is.
pub(super) enum Address {
    Fixed(ConnectionAddr),
    /// They know, each time that it is asked.
    #[cfg(feature = "sentinel")]
    Watched(Sentinels),
}

/// What a connection is to be like.
#[derive(Clone, Copy)]
pub(super) enum Kind<'a> {
    Plain(Purpose),
    /// Told of changes of keys with this prefix, unless the server refuses that.
    Told(&'a str),
}

impl Server {
    pub(super) fn new(address: Address, way: Way, shown: String, place: String) -> Self {
        Self {
            address,
            way,
            shown,
            place,
        }
    }

    async fn open(&self, kind: Kind<'_>) -> Result<(Link, Option<Changes>), Fault> {
        match &self.address {
            Address::Fixed(address) => kind.open(&self.way, address).await,
            #[cfg(feature = "sentinel")]
            Address::Watched(sentinels) => sentinels.enter(&self.way, kind).await,
        }
    }

    /// A connection that is told of changes unless the server refuses that.
    async fn told(&self, prefix: &str) -> Result<Tracking, Fault> {
        let (link, changes) = self.open(Kind::Told(prefix)).await?;
        Ok(Tracking {
            connection: Box::new(link),
            changes,
        })
    }
}

impl Kind<'_> {
    pub(super) async fn open(
        self,
        way: &Way,
        address: &ConnectionAddr,
    ) -> Result<(Link, Option<Changes>), Fault> {
        match self {
            Self::Plain(purpose) => Ok((way.open(address, purpose).await?, None)),
            Self::Told(prefix) => way.open_told(address, prefix).await,
        }
    }
}

impl Store for Server {
    fn connect(&self, purpose: Purpose) -> BoxFuture<'_, Result<Box<dyn Connection>, Fault>> {
        Box::pin(async move {
            let (link, _) = self.open(Kind::Plain(purpose)).await?;
            Ok(Box::new(link) as Box<dyn Connection>)
        })
    }

    fn track<'a>(&'a self, prefix: &'a str) -> BoxFuture<'a, Result<Tracking, Fault>> {
        Box::pin(async move {
            match self.told(prefix).await {
                Err(fault) if !matches!(fault.class, Class::Later | Class::Barred) => {}
                told => return told,
            }
            // A server may refuse to greet in RESP3, or a proxy before it hang up; or it was away just
            // then, and is there now.
            let connection = self.connect(Purpose::Prompt).await?;
            let second = self.told(prefix).await;
            Ok(second.unwrap_or(Tracking {
                connection,
                changes: None,
            }))
        })
    }

    fn shown(&self) -> &str {
        &self.shown
    }

    fn place(&self) -> String {
        self.place.clone()
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Server({:?})", self.shown)
    }
}
