//! Where a watch has its entries from.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use super::WAIT;
use crate::EventId;
use crate::event::Entry;
use crate::store::{BoxFuture, Connection, Fault, Purpose, Store};

/// Opens what a watch reads on, anew after each loss.
#[derive(Clone)]
pub(crate) enum Source {
    Own(Arc<dyn Store>),
}

impl Source {
    pub(super) async fn open(&self) -> Result<Line, Fault> {
        match self {
            Self::Own(store) => Ok(Line::Own(store.connect(Purpose::Blocking(WAIT)).await?)),
        }
    }

    pub(super) fn store(&self) -> &dyn Store {
        match self {
            Self::Own(store) => &**store,
        }
    }
}

/// What a watch reads on. All but [`read`](Self::read) is asked of the connection below.
pub(super) enum Line {
    Own(Box<dyn Connection>),
}

impl Line {
    /// As of a [`Connection`], without holding up others.
    pub(super) fn read(
        &self,
        key: &str,
        after: EventId,
        count: usize,
        wait: Duration,
    ) -> BoxFuture<'static, Result<Vec<Entry>, Fault>> {
        match self {
            Self::Own(connection) => connection.read(key, after, count, wait),
        }
    }
}

impl Deref for Line {
    type Target = dyn Connection;

    fn deref(&self) -> &Self::Target {
        match self {
            Self::Own(connection) => &**connection,
        }
    }
}
