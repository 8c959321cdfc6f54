//! Which server of a cluster has which slots, and how they move.

use std::ops::RangeInclusive;

use super::answers::query;
use super::{TestCluster, rights, wait_until};

/// What stands in the braces of the keys of each of the index's shards, `job_index:feed:{10}` of the first.
pub const SHARDS: [u8; 16] = [10, 3, 61, 43, 11, 2, 60, 42, 12, 1, 63, 41, 13, 0, 62, 40];

/// The key of a shard's feed.
#[must_use]
pub fn feed_of(shard: usize) -> String {
    format!("job_index:feed:{{{}}}", SHARDS[shard])
}

impl TestCluster {
    /// The slot of a key.
    #[must_use]
    pub fn slot(&self, key: &str) -> u16 {
        let mut client = self.server(self.any()).client();
        query(&mut client, &["CLUSTER", "KEYSLOT", key]).unwrap()
    }

    /// The shard of the index that has a job.
    #[must_use]
    pub fn shard(&self, job: &str) -> usize {
        usize::from(self.slot(job)) % SHARDS.len()
    }

    /// The master that has the key, as those say that run.
    #[must_use]
    pub fn owner(&self, key: &str) -> usize {
        self.owner_of(self.slot(key))
    }

    /// While one takes over from another, there may be nobody for a moment.
    fn owner_of(&self, slot: u16) -> usize {
        let mut owner = None;
        wait_until("a master has the slot", || {
            owner = self.owner_as_of(self.any(), slot);
            owner.is_some()
        });
        owner.expect("it was found")
    }

    fn owner_as_of(&self, server: usize, slot: u16) -> Option<usize> {
        let mut owned = self.owned_as_of(server).into_iter();
        let found = owned.find(|(slots, _)| slots.contains(&slot));
        found.map(|(_, owner)| owner)
    }

    /// The masters that have slots, as those say that run.
    #[must_use]
    pub fn masters(&self) -> Vec<usize> {
        let owned = self.owned().into_iter();
        let mut masters: Vec<_> = owned.map(|(_, master)| master).collect();
        masters.sort_unstable();
        masters.dedup();
        masters
    }

    /// The replicas of a master, as those say that run.
    #[must_use]
    pub fn replicas_of(&self, master: usize) -> Vec<usize> {
        let id = self.id(master);
        let nodes = self.nodes(self.any());
        let lines = nodes
            .lines()
            .map(|line| line.split(' ').collect::<Vec<_>>());
        let own = lines.filter(|words| words[3] == id);
        own.map(|words| self.server_of(words[0])).collect()
    }

    /// The slots of a master.
    #[must_use]
    pub fn slots_of(&self, server: usize) -> Vec<u16> {
        let owned = self.owned().into_iter();
        let own = owned.filter(|(_, owner)| *owner == server);
        let mut slots: Vec<_> = own.flat_map(|(slots, _)| slots).collect();
        slots.sort_unstable();
        slots
    }

    /// Who has which slots, as the first server says that runs.
    fn owned(&self) -> Vec<(RangeInclusive<u16>, usize)> {
        self.owned_as_of(self.any())
    }

    /// The same as this one says, by the lines `id address flags … slots`.
    fn owned_as_of(&self, server: usize) -> Vec<(RangeInclusive<u16>, usize)> {
        let nodes = self.nodes(server);
        let mut owned = Vec::new();
        for line in nodes.lines() {
            let words: Vec<_> = line.split(' ').collect();
            for range in words.iter().skip(8).filter(|word| !word.starts_with('[')) {
                let (from, to) = range.split_once('-').unwrap_or((range, range));
                let slots = from.parse().unwrap()..=to.parse().unwrap();
                owned.push((slots, self.server_of(words[0])));
            }
        }
        owned
    }

    /// Moves a slot, with all keys in it, while clients are at work.
    pub fn move_slot(&self, slot: u16, to: usize) {
        let from = self.owner_of(slot);
        // The others may not have heard yet that it has it.
        if from == to || self.owner_as_of(to, slot) == Some(to) {
            return;
        }
        self.begin_move(slot, to);
        self.move_keys(slot, from, to);
        self.end_move(slot, from, to);
    }

    /// From now on the slot is on its way: keys that are not there any more, or not yet, are to be asked
    /// for at the other server.
    pub fn begin_move(&self, slot: u16, to: usize) {
        self.agree();
        let from = self.owner_of(slot);
        let slot = slot.to_string();
        self.on(
            to,
            &["CLUSTER", "SETSLOT", &slot, "IMPORTING", self.id(from)],
        );
        self.on(
            from,
            &["CLUSTER", "SETSLOT", &slot, "MIGRATING", self.id(to)],
        );
    }

    /// Moves what is in a slot that is on its way.
    pub fn move_keys(&self, slot: u16, from: usize, to: usize) {
        let mut client = self.server(from).client();
        let (slot, port) = (slot.to_string(), self.server(to).port().to_string());
        loop {
            let wanted = ["CLUSTER", "GETKEYSINSLOT", &slot, "100"];
            let keys: Vec<String> = query(&mut client, &wanted).unwrap();
            if keys.is_empty() {
                return;
            }
            let keys = keys.iter().map(String::as_str);
            let migrate = ["MIGRATE", "127.0.0.1", &port, "", "0", "5000"];
            let command = [&migrate, rights::admin_of_servers(), &["KEYS"]].concat();
            let command: Vec<_> = command.into_iter().chain(keys).collect();
            query::<String>(&mut client, &command).unwrap();
        }
    }

    /// The slot is there, as its server says; the one that had it does not know.
    pub fn claim(&self, slot: u16, to: usize) {
        let slot = slot.to_string();
        self.on(to, &["CLUSTER", "SETSLOT", &slot, "NODE", self.id(to)]);
    }

    /// The slot is there, and all know it.
    pub fn end_move(&self, slot: u16, from: usize, to: usize) {
        self.claim(slot, to);
        let (slot, id) = (slot.to_string(), self.id(to));
        for server in self.masters().into_iter().chain([from]) {
            // One whose last slot it was may be a replica by now.
            let mut client = self.server(server).client();
            let _ = query::<String>(&mut client, &["CLUSTER", "SETSLOT", &slot, "NODE", id]);
        }
        // Who takes over from the one that had it would take the slot, too, if it had not heard of that.
        self.agree();
    }
}
