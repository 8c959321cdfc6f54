//! Which server of a cluster has which slots.

use std::collections::HashMap;
use std::ops::RangeInclusive;

use redis::Value;

use super::super::super::Fault;
use super::super::{faults, reply};
use super::address::Address;
use super::slot::SLOTS;

#[derive(Debug, Clone, Default)]
pub(super) struct Map {
    /// By slot, which of the masters has it; beyond them, none has.
    owners: Vec<u16>,
    masters: Vec<Address>,
    replicas: Vec<Address>,
}

const NOBODY: u16 = u16::MAX;

impl Map {
    /// Of the answer to [CLUSTER SLOTS](https://redis.io/docs/latest/commands/cluster-slots/) of the server
    /// at this address. What is no slot is passed over.
    pub(super) fn read(slots: Value, asked: &Address) -> Result<Self, Fault> {
        let Value::Array(ranges) = slots else {
            return Err(faults::unexpected(format!("{slots:?} to CLUSTER SLOTS")));
        };
        let mut map = Self {
            owners: vec![NOBODY; SLOTS],
            ..Self::default()
        };
        let mut known = HashMap::new();
        for range in ranges {
            let Value::Array(parts) = range else { continue };
            let mut parts = parts.into_iter();
            let (Some(Value::Int(from)), Some(Value::Int(to))) = (parts.next(), parts.next())
            else {
                continue;
            };
            let mut servers = parts.filter_map(|server| address(server, asked));
            let (Some(slots), Some(master)) = (span(from, to), servers.next()) else {
                continue;
            };
            let master = *known.entry(master).or_insert_with_key(|master| {
                map.masters.push(master.clone());
                (map.masters.len() - 1) as u16
            });
            map.owners[slots].fill(master);
            for replica in servers {
                if !map.replicas.contains(&replica) {
                    map.replicas.push(replica);
                }
            }
        }
        Ok(map)
    }

    pub(super) fn owner(&self, slot: u16) -> Option<&Address> {
        let master = self.owners.get(usize::from(slot))?;
        self.masters.get(usize::from(*master))
    }

    /// The place among the masters of the one that has the slot; the first where none has.
    pub(super) fn place(&self, slot: u16) -> usize {
        let master = self.owners.get(usize::from(slot));
        master.map_or(0, |master| match *master {
            NOBODY => 0,
            master => usize::from(master),
        })
    }

    /// Those that have slots.
    pub(super) fn masters(&self) -> &[Address] {
        &self.masters
    }

    /// All that are known of.
    pub(super) fn servers(&self) -> impl Iterator<Item = &Address> {
        self.masters.iter().chain(&self.replicas)
    }

    /// Another server has said that this one has the slot.
    pub(super) fn moved(&mut self, slot: u16, to: &Address) {
        let is_it = |master: &Address| master == to;
        let master = self.masters.iter().position(is_it).unwrap_or_else(|| {
            self.masters.push(to.clone());
            self.masters.len() - 1
        });
        if let Some(owner) = self.owners.get_mut(usize::from(slot)) {
            *owner = master as u16;
        }
    }
}

/// Those of the range that there are.
fn span(from: i64, to: i64) -> Option<RangeInclusive<usize>> {
    let from = usize::try_from(from).ok()?;
    let to = usize::try_from(to).ok()?.min(SLOTS - 1);
    (from <= to).then_some(from..=to)
}

/// `[host, port, id, [name, value, …]]`, of which older servers have less.
fn address(server: Value, asked: &Address) -> Option<Address> {
    let Value::Array(parts) = server else {
        return None;
    };
    let mut parts = parts.into_iter();
    let mut host = reply::bytes(parts.next()?);
    let Some(Value::Int(port)) = parts.next() else {
        return None;
    };
    if host == b"?" {
        host = parts.nth(1).and_then(ip).unwrap_or(host);
    }
    let host = String::from_utf8_lossy(&host);
    Some(asked.named(&host, u16::try_from(port).ok()?))
}

/// Of a server that is to be known by a name, and has none yet.
fn ip(more: Value) -> Option<Vec<u8>> {
    let mut pairs = reply::pairs(more).ok()?.into_iter();
    let ip =
        pairs.find_map(|(name, value)| (reply::bytes(name) == b"ip").then(|| reply::bytes(value)));
    ip.filter(|ip| !ip.is_empty())
}

#[cfg(test)]
mod tests {
    use super::super::address::at;
    use super::*;

    fn read(slots: &str) -> Map {
        let slots = redis::parse_redis_value(slots.as_bytes()).unwrap();
        Map::read(slots, &at("asked", 1)).unwrap()
    }

    fn server(host: &str, port: u16) -> String {
        format!("*3\r\n{host}:{port}\r\n$2\r\nid\r\n")
    }

    #[test]
    fn each_slot_is_its_masters_and_who_does_not_know_its_host_is_where_was_asked() {
        let ranges = [
            format!(
                "*4\r\n:0\r\n:9\r\n{}{}",
                server("$1\r\na\r\n", 7),
                server("$1\r\nb\r\n", 7)
            ),
            format!("*3\r\n:10\r\n:10\r\n{}", server("$0\r\n\r\n", 8)),
            format!("*3\r\n:12\r\n:12\r\n{}", server("$1\r\n?\r\n", 9)),
            format!("*3\r\n:13\r\n:13\r\n{}", server("$-1\r\n", 9)),
            format!("*3\r\n:14\r\n:99999\r\n{}", server("$1\r\na\r\n", 7)),
        ];
        let mut map = read(&format!("*5\r\n{}", ranges.concat()));
        for (slot, expected) in [
            (0, Some(at("a", 7))),
            (9, Some(at("a", 7))),
            (10, Some(at("asked", 8))),
            (11, None),
            (12, Some(at("asked", 9))),
            (13, Some(at("asked", 9))),
            (16_383, Some(at("a", 7))),
        ] {
            assert_eq!(map.owner(slot), expected.as_ref(), "{slot}");
        }
        assert_eq!(map.masters().len(), 3);
        assert_eq!(map.servers().last(), Some(&at("b", 7)));
        map.moved(9, &at("c", 1));
        map.moved(8, &at("a", 7));
        assert_eq!(map.owner(9), Some(&at("c", 1)));
        assert_eq!((map.owner(8), map.masters().len()), (Some(&at("a", 7)), 4));
    }

    #[test]
    fn a_server_that_has_no_name_yet_is_found_by_its_ip() {
        let named = |host: &str, ip: &str| {
            let ip = format!("*2\r\n$2\r\nip\r\n${}\r\n{ip}\r\n", ip.len());
            format!("*4\r\n{host}:9\r\n$2\r\nid\r\n{ip}")
        };
        let ranges = [
            format!("*3\r\n:0\r\n:0\r\n{}", named("$1\r\n?\r\n", "::5")),
            format!("*3\r\n:1\r\n:1\r\n{}", named("$1\r\n?\r\n", "")),
            format!("*3\r\n:2\r\n:2\r\n{}", named("$-1\r\n", "::5")),
        ];
        let map = read(&format!("*3\r\n{}", ranges.concat()));
        assert_eq!(map.owner(0), Some(&at("::5", 9)));
        assert_eq!(map.owner(1), Some(&at("asked", 9)));
        assert_eq!(map.owner(2), Some(&at("asked", 9)));
    }

    #[test]
    fn what_is_no_map_is_passed_over() {
        let ranges = |from: &str, to: &str| {
            format!(
                "*1\r\n*3\r\n:{from}\r\n:{to}\r\n{}",
                server("$1\r\na\r\n", 7)
            )
        };
        for slots in [
            "*0\r\n",
            "*1\r\n:1\r\n",
            "*1\r\n*2\r\n:1\r\n:2\r\n",
            "*1\r\n*3\r\n:-5\r\n:-1\r\n:2\r\n",
            &ranges("-5", "3"),
            &ranges("7", "1"),
            &ranges("16384", "16384"),
            &ranges("9223372036854775807", "9223372036854775807"),
        ] {
            let map = read(slots);
            assert_eq!(map.owner(1), None);
            assert!(map.masters().is_empty());
        }
        assert!(Map::read(Value::Okay, &at("a", 1)).is_err());
    }
}
