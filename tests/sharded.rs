//! Jobs whose streams are on all servers of a cluster.
#![allow(dead_code, reason = "each file uses a part of it")]

use std::time::Duration;

use stream_events::{Fields, Job, Publisher};
use support::{RawEntry, TestCluster, seqs};

pub(crate) const LONG: Duration = Duration::from_secs(60);
pub(crate) struct Fleet(Vec<(String, Job)>);

impl Fleet {
    pub(crate) fn begin(publisher: &Publisher, jobs: usize) -> Self {
        let job = |n| {
            let id = format!("job_{n}");
            let job = publisher.job(&*id, "t").unwrap();
            (id, job)
        };
        Self((0..jobs).map(job).collect())
    }

    pub(crate) fn ids(&self) -> impl Iterator<Item = String> {
        self.0.iter().map(|(id, _)| id.clone())
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = String> {
        self.ids().map(|id| format!("job_events:{id}"))
    }

    /// The ids of those jobs whose stream is there now.
    pub(crate) fn on(&self, cluster: &TestCluster, server: usize) -> Vec<String> {
        let is_there = |id: &String| cluster.owner(&format!("job_events:{id}")) == server;
        self.ids().filter(is_there).collect()
    }

    /// So many rows of each.
    pub(crate) fn emit(&self, rows: u64) {
        for n in 0..rows {
            for (_, job) in &self.0 {
                job.emit("row", Fields::new().field("n", &n));
            }
        }
    }

    pub(crate) fn end(&self) {
        self.0.iter().for_each(|(_, job)| job.completed(&()));
    }

    /// Each stream has so many events, each once and in order, and nothing else.
    pub(crate) fn is_exact(&self, cluster: &TestCluster, events: u64) {
        self.ids().for_each(|id| has(cluster, &id, events));
    }
}

/// The stream of this job has so many events, each once and in order, and nothing else.
pub(crate) fn has(cluster: &TestCluster, id: &str, events: u64) {
    let key = format!("job_events:{id}");
    let entries = cluster.entries(&key);
    let all: Vec<_> = (0..events).collect();
    assert_eq!(seqs(&entries), all, "{key}: {entries:?}");
    is_rising(&key, &entries);
}

/// Ids rise, and so nothing is there twice.
fn is_rising(key: &str, entries: &[RawEntry]) {
    let ids = entries.iter().map(|entry| {
        let (ms, n) = entry.id.split_once('-').unwrap();
        (ms.parse::<u64>().unwrap(), n.parse::<u64>().unwrap())
    });
    assert!(ids.is_sorted_by(|a, b| a < b), "{key}");
}
