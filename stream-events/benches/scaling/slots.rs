//! How jobs and pieces of the index fall to the masters of a cluster: as their keys' slots do, of which each
//! master has as many as the next.

#[path = "../../src/crc16.rs"]
#[allow(unused_imports, reason = "of its tests, which no benchmark runs")]
mod crc16;

use crc16::crc16;
use support::SHARDS;

/// The most that a master has of these keys, over what it would have if all had as many.
pub(crate) fn busiest(keys: impl Iterator<Item = String>, masters: usize) -> f64 {
    let (mut each, mut count) = (vec![0_u32; masters], 0.0);
    for key in keys {
        each[usize::from(slot(&key)) * masters / SLOTS] += 1;
        count += 1.0;
    }
    f64::from(each.into_iter().max().unwrap_or(0)) * masters as f64 / count
}

/// Of the streams of so many jobs, whose ids are random.
pub(crate) fn of_jobs(jobs: usize, masters: usize) -> f64 {
    let mut state = 0x2026_u64;
    let keys = (0..jobs).map(|_| format!("job_events:{:016x}", next(&mut state)));
    busiest(keys, masters)
}

/// Of the index's pieces, which have their names for good.
pub(crate) fn of_shards(shards: usize, masters: usize) -> f64 {
    // By what stands in the braces of their keys.
    busiest(SHARDS.iter().take(shards).map(u8::to_string), masters)
}

/// [SplitMix64](https://prng.di.unimi.it/splitmix64.c).
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut word = *state;
    word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

const SLOTS: usize = 16_384;

/// Of a key without braces.
fn slot(key: &str) -> u16 {
    crc16(key.as_bytes()) % SLOTS as u16
}
