//! A run's lease: the sign that its process lives, in the index of all runs at work.
//!
//! The index is a sorted set, `job_index:active` for streams `job_events:…`. Its members are
//! `<run>:<job id>`, its scores the times until which they are leased, in ms of the server's clock. In a
//! cluster there are several, each with the jobs that fall to it and by the clock of the server that has it.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::JobId;
use crate::index::{self, Shard};
use crate::store::Lease;

/// The key of a shard of the index beside the streams of a prefix.
pub(crate) fn key(prefix: &str, shard: Shard) -> Arc<str> {
    index::key(prefix, "active", shard)
}

/// A run in the index.
pub(crate) fn member(run: &str, job: &JobId) -> Arc<str> {
    format!("{run}:{job}").into()
}

/// The run and the job of a member; none where it is none of ours.
pub(crate) fn parse(member: &str) -> Option<(&str, JobId)> {
    let (run, job) = member.split_once(':')?;
    Some((run, job.try_into().ok()?))
}

/// Leases that were seen to have run out, and since when they have stood still.
///
/// The time that counts is our own and steady, and it counts only while the store answers: a lease
/// also runs out when the server's clock is set, or while the server is down. A process that lives
/// renews it then, as soon as it can.
#[derive(Debug)]
pub(crate) struct Sightings {
    /// The key of the shard that they are of.
    pub(crate) leases: Arc<str>,
    seen: HashMap<Arc<str>, (u64, Instant)>,
}

impl Sightings {
    pub(crate) fn of(prefix: &str, shard: Shard) -> Self {
        Self {
            leases: key(prefix, shard),
            seen: HashMap::new(),
        }
    }

    /// Notes a lease that has run out; whether it has stood still for the grace time.
    pub(crate) fn see(&mut self, lease: &Lease, now: Instant, grace: Duration) -> bool {
        let seen = self.seen.entry(Arc::clone(&lease.member));
        let (until, since) = seen.or_insert((lease.until, now));
        if *until != lease.until {
            (*until, *since) = (lease.until, now);
        }
        now.duration_since(*since) >= grace
    }

    /// Forgets those that are not among these, as they have been renewed or given up.
    pub(crate) fn keep(&mut self, leases: &[Lease]) {
        if self.seen.len() > leases.len() {
            let there: std::collections::HashSet<_> =
                leases.iter().map(|lease| &lease.member).collect();
            self.seen.retain(|member, _| there.contains(member));
        }
    }

    pub(crate) fn forget(&mut self, member: &str) {
        self.seen.remove(member);
    }

    /// The store has been away: a process that lives needs time to come back to it.
    pub(crate) fn clear(&mut self) {
        self.seen.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::Shards;

    #[test]
    fn the_index_stands_beside_the_streams() {
        for (prefix, expected) in [
            ("job_events", "job_index:active"),
            ("tenant_a:job_events", "tenant_a:job_index:active"),
            ("jobs", "jobs_index:active"),
        ] {
            let only = Shard::ONLY;
            assert_eq!(&*key(prefix, only), expected);
            let seventh = Shards::OF_CLUSTER.all().nth(7).unwrap();
            assert_eq!(*key(prefix, seventh), format!("{expected}:{{42}}"));
        }
    }

    #[test]
    fn a_member_is_read_back_also_where_the_job_has_a_colon() {
        let job = JobId::try_from("a:b").unwrap();
        let member = member("0123", &job);
        assert_eq!(parse(&member), Some(("0123", job)));
        assert_eq!((parse("0123"), parse("0123:")), (None, None));
    }

    #[test]
    fn only_a_lease_that_stands_still_for_the_grace_time_counts() {
        let (mut sightings, start, grace) = (
            Sightings::of("job_events", Shard::ONLY),
            Instant::now(),
            Duration::from_secs(20),
        );
        let lease = |until| Lease {
            member: "r:j".into(),
            until,
        };
        let at = |seconds| start + Duration::from_secs(seconds);
        assert!(!sightings.see(&lease(1), at(0), grace));
        assert!(!sightings.see(&lease(2), at(19), grace), "it was renewed");
        assert!(!sightings.see(&lease(2), at(38), grace));
        assert!(sightings.see(&lease(2), at(39), grace));
        sightings.keep(&[lease(2)]);
        assert!(sightings.see(&lease(2), at(40), grace));
        sightings.keep(&[]);
        assert!(!sightings.see(&lease(2), at(41), grace), "it was away");
    }
}
