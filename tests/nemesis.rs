//! Everything that goes wrong, by chance that can be had again, while producers run jobs; and the
//! checker that says whether the contract was kept.
#![allow(clippy::unwrap_used)]

#[path = "nemesis/checker.rs"]
mod checker;
#[path = "nemesis/cluster.rs"]
mod cluster;
#[path = "nemesis/crew.rs"]
mod crew;
#[path = "nemesis/defects.rs"]
mod defects;
#[path = "nemesis/evidence.rs"]
mod evidence;
#[path = "nemesis/feeds.rs"]
mod feeds;
#[path = "nemesis/fleet.rs"]
mod fleet;
#[path = "nemesis/history.rs"]
mod history;
#[path = "nemesis/jobs.rs"]
mod jobs;
#[path = "nemesis/lanes.rs"]
mod lanes;
#[path = "nemesis/naive.rs"]
mod naive;
#[path = "nemesis/plan.rs"]
mod plan;
#[path = "nemesis/producer.rs"]
mod producer;
#[path = "nemesis/pulse.rs"]
mod pulse;
#[path = "nemesis/random.rs"]
mod random;
#[path = "nemesis/run.rs"]
mod run;
#[path = "nemesis/schedule.rs"]
mod schedule;
#[path = "nemesis/sentinel.rs"]
mod sentinel;
#[path = "nemesis/soak.rs"]
mod soak;
#[path = "nemesis/watchers.rs"]
mod watchers;

use std::env;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use support::{TestCluster, TestSentinel};

use crate::run::Disk;
use crate::schedule::Extent;
use crate::soak::{soak, soak_failovers};

/// For so long where nobody says how long, with each of these.
const SHORT: Duration = Duration::from_secs(4);
const SEEDS: [(u64, Disk); 2] = [(1, Disk::Synced), (2, Disk::None)];

/// For a few seconds, or as `tests/soak` says.
#[test]
fn the_contract_is_kept_whatever_goes_wrong() {
    const NAME: &str = "the_contract_is_kept_whatever_goes_wrong";
    if support::scenario().is_some() {
        return producer::produce();
    }
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let extent = |seed, lasts| Extent {
        seed,
        lasts,
        producers: 3,
        only: numbers("STREAM_EVENTS_SOAK_FAULTS"),
    };
    let asked = ["STREAM_EVENTS_SOAK_SECONDS", "STREAM_EVENTS_SOAK_SEED"].map(numbers);
    if let [Some(seconds), Some(seeds)] = asked {
        let seed = seeds[0] as u64;
        let disk = if seed.is_multiple_of(3) {
            Disk::None
        } else {
            Disk::Synced
        };
        let lasts = Duration::from_secs(seconds[0] as u64);
        let shrinks = env::var("STREAM_EVENTS_SOAK_SHRINKS").is_ok();
        return soak(NAME, &extent(seed, lasts), disk, shrinks);
    }
    for (seed, disk) in SEEDS {
        soak(NAME, &extent(seed, SHORT), disk, false);
    }
}

/// Rows 14, 16 and 25: the same of servers that sentinels watch, which lose what no replica had yet.
#[test]
fn nemesis_sentinel() {
    const NAME: &str = "nemesis_sentinel";
    if support::scenario().is_some() {
        return producer::produce();
    }
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let seed = numbers("STREAM_EVENTS_SOAK_SEED").map_or(1, |seeds| seeds[0] as u64);
    soak_failovers(NAME, seed, fleet::run::<TestSentinel>);
}

/// Rows 16 and 17: the same of a cluster, whose slots move, too.
#[test]
fn nemesis_cluster() {
    const NAME: &str = "nemesis_cluster";
    if support::scenario().is_some() {
        return producer::produce();
    }
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let seed = numbers("STREAM_EVENTS_SOAK_SEED").map_or(1, |seeds| seeds[0] as u64);
    soak_failovers(NAME, seed, fleet::run::<TestCluster>);
}

/// Each of them has the machine for itself: how long calls take is looked at.
static ALONE: Mutex<()> = Mutex::new(());

/// Numbers with commas between.
fn numbers(variable: &str) -> Option<Vec<usize>> {
    let text = env::var(variable).ok().filter(|text| !text.is_empty())?;
    let numbers = text.split(',').map(|number| number.parse().ok());
    let numbers: Option<_> = numbers.collect();
    Some(numbers.unwrap_or_else(|| panic!("{variable} is {text:?}")))
}
