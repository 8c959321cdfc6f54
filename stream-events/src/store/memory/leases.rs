//! The leases of a memory, with the semantics of a sorted set.

use std::collections::HashMap;
use std::sync::Arc;

use super::super::{Lease, LeaseTurn, Leased};
use crate::event::Timestamp;

#[derive(Default)]
pub(super) struct LeaseBook(HashMap<Arc<str>, HashMap<Arc<str>, u64>>);

impl LeaseBook {
    pub(super) fn turn(&mut self, turn: &LeaseTurn) -> Leased {
        let now = Timestamp::now().ms();
        let leases = self.0.entry(Arc::clone(&turn.key)).or_default();
        let has_lapsed = |member: &&Arc<str>| leases.get(*member).is_none_or(|until| *until < now);
        let lapsed = turn.renewed.iter().filter(has_lapsed).cloned().collect();
        if let Some(until) = turn.until {
            for member in turn.renewed.iter().chain(&turn.begun) {
                leases.insert(Arc::clone(member), until);
            }
        }
        for member in &turn.ended {
            leases.remove(member);
        }
        let kept = turn.sweep.map_or(u64::MAX, |kept| kept.as_millis() as u64);
        leases.retain(|_, until| until.saturating_add(kept) >= now);
        if leases.is_empty() {
            self.0.remove(&turn.key);
        }
        Leased {
            now: turn.sweep.map(|_| now),
            lapsed,
            ..Leased::default()
        }
    }

    /// Until the latest first.
    pub(super) fn leased(&self, key: &str, most: usize) -> Vec<Arc<str>> {
        let leases = self.0.get(key).into_iter().flatten();
        let mut leases: Vec<_> = leases.map(|(member, until)| (until, member)).collect();
        leases.sort_unstable_by(|a, b| b.cmp(a));
        let members = leases.into_iter().take(most);
        members.map(|(_, member)| Arc::clone(member)).collect()
    }

    /// Longest ago first.
    pub(super) fn expired(&self, key: &str) -> Vec<Lease> {
        let now = Timestamp::now().ms();
        let leases = self.0.get(key).into_iter().flatten();
        let expired = leases.filter(|(_, until)| **until < now);
        let lease = |(member, until): (&Arc<str>, &u64)| Lease {
            member: Arc::clone(member),
            until: *until,
        };
        let mut expired: Vec<_> = expired.map(lease).collect();
        expired.sort_by(|a, b| (a.until, &a.member).cmp(&(b.until, &b.member)));
        expired
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members(leases: Vec<Lease>) -> Vec<String> {
        let member = |lease: Lease| lease.member.to_string();
        leases.into_iter().map(member).collect()
    }

    #[test]
    fn leases_are_taken_renewed_and_given_up() {
        let mut book = LeaseBook::default();
        let (now, names) = (Timestamp::now().ms(), |names: &[&str]| {
            names.iter().map(|name| Arc::from(*name)).collect()
        });
        book.turn(&LeaseTurn {
            key: "k".into(),
            until: Some(now - 1000),
            begun: names(&["a", "b", "c"]),
            ..LeaseTurn::default()
        });
        assert_eq!(members(book.expired("k")), ["a", "b", "c"]);
        let leased = book.turn(&LeaseTurn {
            key: "k".into(),
            until: Some(now + 60_000),
            renewed: names(&["b", "d"]),
            ended: names(&["c"]),
            sweep: Some(std::time::Duration::from_secs(60)),
            ..LeaseTurn::default()
        });
        assert_eq!((leased.lapsed, leased.refusal), (names(&["b", "d"]), None));
        assert!(leased.now.is_some_and(|told| told >= now));
        assert_eq!(members(book.expired("k")), ["a"]);
        assert_eq!(book.0["k"].len(), 3);
        book.turn(&LeaseTurn {
            key: "k".into(),
            sweep: Some(std::time::Duration::ZERO),
            ..LeaseTurn::default()
        });
        assert_eq!((book.expired("k"), book.0["k"].len()), (vec![], 2));
    }
}
