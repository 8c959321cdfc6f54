//! A store that is one server.

use std::fmt;

use redis::ConnectionAddr;

use super::super::{BoxFuture, Class, Connection, Fault, Purpose, Store, Tracking};
use super::way::Way;

pub(super) struct Server {
    address: ConnectionAddr,
    way: Way,
    shown: String,
}

impl Server {
    pub(super) fn new(address: ConnectionAddr, way: Way, shown: String) -> Self {
        Self {
            address,
            way,
            shown,
        }
    }

    /// A connection that is told of changes unless the server refuses that.
    async fn told(&self, prefix: &str) -> Result<Tracking, Fault> {
        let (link, changes) = self.way.open_told(&self.address, prefix).await?;
        Ok(Tracking {
            connection: Box::new(link),
            changes,
        })
    }
}

impl Store for Server {
    fn connect(&self, purpose: Purpose) -> BoxFuture<'_, Result<Box<dyn Connection>, Fault>> {
        Box::pin(async move {
            let link = self.way.open(&self.address, purpose).await?;
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
        let database = self.way.settings.db();
        format!("{} (database {database})", self.shown)
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Server({:?})", self.shown)
    }
}
