//! A cluster whose servers serve what they have, whether the others are there or not.
#![allow(dead_code, reason = "each file uses a part of it")]

use std::time::Duration;

use support::TestCluster;

/// What one server holds up is none of the others' business: it is given up after 4 s.
pub(crate) const SOON: Duration = Duration::from_secs(3);

/// Three servers of it.
pub(crate) fn start_in_parts() -> TestCluster {
    TestCluster::with(3, 0, &["--cluster-require-full-coverage", "no"])
}
