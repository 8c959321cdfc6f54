//! How jobs and pieces of the index fall to the masters of a cluster: as their keys' slots do, of which each
//! master has as many as the next.

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
    // What stands in the braces of their keys, by which they are spread.
    let tags = [10, 3, 61, 43, 11, 2, 60, 42, 12, 1, 63, 41, 13, 0, 62, 40];
    busiest(tags.iter().take(shards).map(u8::to_string), masters)
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

/// [CRC16 of a key](https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/) without braces.
fn slot(key: &str) -> u16 {
    let crc = key.bytes().fold(0_u16, |crc, byte| {
        (crc << 8) ^ OF_BYTES[usize::from((crc >> 8) as u8 ^ byte)]
    });
    crc % SLOTS as u16
}

const OF_BYTES: [u16; 256] = {
    let (mut table, mut byte) = ([0; 256], 0);
    while byte < table.len() {
        let (mut crc, mut bit) = ((byte as u16) << 8, 0);
        while bit < 8 {
            crc = (crc << 1) ^ if crc & 0x8000 == 0 { 0 } else { 0x1021 };
            bit += 1;
        }
        table[byte] = crc;
        byte += 1;
    }
    table
};

#[cfg(test)]
#[test]
fn the_slot_of_a_key_is_the_clusters() {
    assert_eq!(slot("123456789"), 0x31c3);
}
