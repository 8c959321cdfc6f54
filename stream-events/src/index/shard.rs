//! The pieces of the index, over which a cluster spreads it.

use crate::JobId;
use crate::crc16::crc16;

/// How many pieces the index of a store has. It is the store's to say, and no setting: who counted
/// otherwise than those who write would not find their jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shards(u16);

/// One of them, which has all that the index has of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Shard {
    number: u16,
    is_only: bool,
}

impl Shards {
    /// Of a store that is one server: its keys have no suffix.
    pub(crate) const ONE: Self = Self(1);
    /// Of a cluster: a fixed part of the wire format.
    #[cfg_attr(
        not(feature = "cluster"),
        allow(dead_code, reason = "no other store has several")
    )]
    pub(crate) const OF_CLUSTER: Self = Self(16);

    /// How many there are.
    pub(crate) fn count(self) -> usize {
        usize::from(self.0)
    }

    pub(crate) fn all(self) -> impl ExactSizeIterator<Item = Shard> {
        (0..self.0).map(move |number| self.shard(number))
    }

    /// Where a job is. Where there is one shard, that takes no work.
    pub(crate) fn of(self, job: &JobId) -> Shard {
        let nth = || crc16(job.as_str().as_bytes()) % self.0;
        self.only().unwrap_or_else(|| self.shard(nth()))
    }

    pub(crate) fn first(self) -> Shard {
        self.shard(0)
    }

    /// The one that there is, if there is one.
    pub(crate) fn only(self) -> Option<Shard> {
        (self == Self::ONE).then_some(Shard::ONLY)
    }

    fn shard(self, number: u16) -> Shard {
        let is_only = self == Self::ONE;
        Shard { number, is_only }
    }
}

impl Shard {
    /// Where there is no other.
    pub(crate) const ONLY: Self = Self {
        number: 0,
        is_only: true,
    };

    /// From 0.
    pub(crate) fn number(self) -> usize {
        usize::from(self.number)
    }

    /// What its keys end with, by which they are in one slot.
    pub(super) fn suffix(self) -> String {
        match self.is_only {
            true => String::new(),
            false => format!(":{{{}}}", TAGS[self.number()]),
        }
    }
}

/// Of each shard of a cluster, one that is in its own sixteenth of the slots, so that servers which share the
/// slots fairly share these. Numbers would not: what differs in one digit is close together.
const TAGS: [u8; 16] = [10, 3, 61, 43, 11, 2, 60, 42, 12, 1, 63, 41, 13, 0, 62, 40];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_is_in_the_piece_that_others_work_out_too() {
        let job = JobId::try_from("123456789").unwrap();
        assert_eq!(Shards::OF_CLUSTER.of(&job).number(), 3);
        assert_eq!(Shards::OF_CLUSTER.of(&job).suffix(), ":{43}");
        assert_eq!(Shards::ONE.of(&job).suffix(), "");
        let all: Vec<_> = Shards::OF_CLUSTER.all().map(Shard::number).collect();
        assert_eq!(all, (0..Shards::OF_CLUSTER.count()).collect::<Vec<_>>());
    }

    #[test]
    fn each_is_in_its_own_sixteenth_of_the_slots() {
        for shard in Shards::OF_CLUSTER.all() {
            let suffix = shard.suffix();
            let tag = suffix.trim_matches([':', '{', '}']);
            let slot = usize::from(crc16(tag.as_bytes()) % 16_384);
            assert_eq!(slot / 1024, shard.number(), "{suffix}");
        }
    }
}
