//! The slot of a key, by which a cluster spreads them over its servers: as its
//! [specification](https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/#key-distribution-model)
//! has it.

use crate::crc16::crc16;

/// How many there are.
pub(super) const SLOTS: usize = 16_384;

/// That of what stands between the first `{` and the next `}`, where that is anything, or else of the
/// whole key.
pub(super) fn slot(key: &str) -> u16 {
    let tag = || {
        let (_, behind) = key.split_once('{')?;
        let (tag, _) = behind.split_once('}')?;
        (!tag.is_empty()).then_some(tag)
    };
    crc16(tag().unwrap_or(key).as_bytes()) % SLOTS as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As `CLUSTER KEYSLOT` says.
    #[test]
    fn slots_are_those_of_the_servers() {
        for (key, expected) in [
            ("", 0),
            ("123456789", 12_739),
            ("foo", 12_182),
            ("{user1000}.following", 3443),
            ("foo{}{bar}", 8363),
            ("foo{{bar}}zap", 4015),
            ("foo{bar}{zap}", 5061),
            ("{job_events:a:b}:children", slot("job_events:a:b")),
        ] {
            assert_eq!(slot(key), expected, "{key}");
        }
    }
}
