//! Holds what happened against the contract: which of its ten invariants were broken, where and by what.

#[path = "checker/acked.rs"]
mod acked;
#[path = "checker/bounds.rs"]
mod bounds;
#[path = "checker/counts.rs"]
mod counts;
#[path = "checker/ends.rs"]
mod ends;
#[cfg(test)]
#[path = "checker/example.rs"]
mod example;
#[path = "checker/gaps.rs"]
mod gaps;
#[path = "checker/ledger.rs"]
mod ledger;
#[path = "checker/order.rs"]
mod order;
#[path = "checker/origin.rs"]
mod origin;

use std::collections::BTreeSet;
use std::fmt;

use crate::evidence::Evidence;
pub(crate) use counts::last as last_counts;
use ledger::Ledger;
pub(crate) use ledger::{LATE, OCCUPIED};

/// What always holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Invariant {
    /// 1: what was acknowledged is there.
    Acked,
    /// 2: a reader sees the seqs of a run rise, and none twice.
    ViewOrder,
    /// 3: so they stand on the stream.
    RawOrder,
    /// 4: what a reader did not see, it was told of.
    Gaps,
    /// 5: a run has one end.
    OneEnd,
    /// 6: what is there was emitted.
    Origin,
    /// 7: no call that emits waits.
    Prompt,
    /// 8: memory is bounded.
    Memory,
    /// 9: nobody connects more often than the waits between two tries allow.
    Backoff,
    /// 10: each event is counted once.
    Counts,
}

/// Where one of them was broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Violation {
    pub(crate) invariant: Invariant,
    /// The run, job or process.
    pub(crate) place: String,
    pub(crate) what: String,
}

/// All that is wrong.
pub(crate) fn violations(evidence: &Evidence) -> Vec<Violation> {
    let ledger = Ledger::new(evidence);
    let checks = [
        acked::check,
        order::check_views,
        order::check_streams,
        gaps::check,
        ends::check,
        origin::check,
        bounds::check,
        counts::check,
    ];
    checks.iter().flat_map(|check| check(&ledger)).collect()
}

/// Which invariants were broken.
pub(crate) fn broken(violations: &[Violation]) -> BTreeSet<Invariant> {
    violations
        .iter()
        .map(|violation| violation.invariant)
        .collect()
}

impl Violation {
    fn new(invariant: Invariant, place: impl fmt::Display, what: impl fmt::Display) -> Self {
        Self {
            invariant,
            place: place.to_string(),
            what: what.to_string(),
        }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = self.invariant as u8 + 1;
        write!(
            f,
            "{number} {:?}, {}: {}",
            self.invariant, self.place, self.what
        )
    }
}
