//! The index of jobs, by which they are found without a look through all keys.
//!
//! - `job_index:active`, a sorted set: the runs at work; see [`lease`](crate::lease).
//! - `job_index:feed`, a stream: the lifecycle events of all jobs, as they were acknowledged, each as a
//!   [`Brief`]. It is written after the event's own entry and in no transaction with it, so that the
//!   stream of a job has always all that the index has.
//! - `{job_events:PARENT}:children`, a stream: the starts of the jobs within a job, likewise.
//!
//! The names are those for streams `job_events:…`; see [`key`]. In a cluster there are [several](Shards) of
//! the first two, `job_index:active:{10}` and so on, each with the jobs that fall to it.

mod ledger;
mod shard;

use std::sync::Arc;

pub(crate) use ledger::{CHILDREN, Ledger};
pub(crate) use shard::{Shard, Shards};

use crate::JobId;

/// A key of the index beside the streams of a prefix.
pub(crate) fn key(prefix: &str, name: &str, shard: Shard) -> Arc<str> {
    let suffix = shard.suffix();
    match prefix.strip_suffix("events") {
        Some(stem) => format!("{stem}index:{name}{suffix}").into(),
        None => format!("{prefix}_index:{name}{suffix}").into(),
    }
}

/// The stream of the lifecycle events of all jobs of this shard.
pub(crate) fn feed(prefix: &str, shard: Shard) -> Arc<str> {
    key(prefix, "feed", shard)
}

/// The stream of the starts of the jobs within a job, in the slot of that job's own.
pub(crate) fn children(prefix: &str, parent: &JobId) -> Arc<str> {
    format!("{{{}}}:children", parent.key(prefix)).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_index_stands_beside_the_streams() {
        for (prefix, expected) in [
            ("job_events", "job_index:feed"),
            ("tenant_a:job_events", "tenant_a:job_index:feed"),
            ("jobs", "jobs_index:feed"),
        ] {
            let only = Shard::ONLY;
            assert_eq!(&*feed(prefix, only), expected);
            let seventh = Shards::OF_CLUSTER.all().nth(7).unwrap();
            assert_eq!(*feed(prefix, seventh), format!("{expected}:{{42}}"));
        }
        let parent = JobId::try_from("a:b").unwrap();
        assert_eq!(
            &*children("job_events", &parent),
            "{job_events:a:b}:children"
        );
    }
}
