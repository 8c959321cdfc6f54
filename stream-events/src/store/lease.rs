//! Leases of runs: how a store has them, and what is asked of it for them.

use std::sync::Arc;
use std::time::Duration;

use super::Fault;

/// A lease as the store has it: a run's, until this time of the store's clock, in ms since 1970.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Lease {
    pub(crate) member: Arc<str>,
    pub(crate) until: u64,
}

/// What is to be done to the leases of one key, in this order.
#[derive(Debug, Default)]
pub(crate) struct LeaseTurn {
    pub(crate) key: Arc<str>,
    /// Taken or renewed until this time of the store's clock; none where only that is asked for.
    pub(crate) until: Option<u64>,
    /// Were there before, and are there still, unless something is wrong.
    pub(crate) renewed: Vec<Arc<str>>,
    pub(crate) begun: Vec<Arc<str>>,
    pub(crate) ended: Vec<Arc<str>>,
    /// Asks for the store's clock, and sweeps out what has run out this long ago.
    pub(crate) sweep: Option<Duration>,
}

impl LeaseTurn {
    /// Whether its answer tells if leases are kept: not where it only gives some up.
    pub(crate) fn asks(&self) -> bool {
        let keeps = !(self.renewed.is_empty() && self.begun.is_empty());
        keeps || (self.until.is_none() && self.sweep.is_some())
    }
}

/// What became of a [`LeaseTurn`].
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Leased {
    /// The store's clock, where it was asked for and told.
    pub(crate) now: Option<u64>,
    /// Those of the renewed that were not there any more, or had run out.
    pub(crate) lapsed: Vec<Arc<str>>,
    /// Why leases are not kept.
    pub(crate) refusal: Option<Fault>,
    /// What of it is refused where they are kept, and what comes of that.
    pub(crate) lacks: Vec<(Fault, &'static str)>,
}
