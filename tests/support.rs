//! What tests start, stop and break: servers, the network before them, processes.
#![allow(clippy::unwrap_used, clippy::missing_panics_doc)]

#[path = "support/answers.rs"]
mod answers;
#[path = "support/child.rs"]
mod child;
#[path = "support/cluster.rs"]
mod cluster;
#[path = "support/disk.rs"]
mod disk;
#[path = "support/entry.rs"]
mod entry;
#[path = "support/event_source.rs"]
mod event_source;
#[path = "support/faults.rs"]
mod faults;
#[path = "support/lease.rs"]
mod lease;
#[path = "support/log.rs"]
mod log;
#[path = "support/one_sentinel.rs"]
mod one_sentinel;
#[path = "support/other_clock.rs"]
mod other_clock;
#[path = "support/port.rs"]
mod port;
#[path = "support/postgres.rs"]
mod postgres;
#[path = "support/proxy.rs"]
mod proxy;
#[path = "support/pump.rs"]
mod pump;
#[path = "support/rights.rs"]
mod rights;
#[path = "support/rule.rs"]
mod rule;
#[path = "support/sentinel.rs"]
mod sentinel;
#[path = "support/server.rs"]
mod server;
#[path = "support/sight.rs"]
mod sight;
#[path = "support/slots.rs"]
mod slots;
#[path = "support/traffic.rs"]
mod traffic;
#[path = "support/wait.rs"]
mod wait;

pub use child::{Exit, Program, Running, memory_peak, ready_for, scenario, used};
pub use cluster::TestCluster;
pub use entry::{RawEntry, kinds, seqs};
pub use event_source::{EventSource, Message};
pub use faults::Commands;
pub use log::Log;
pub use one_sentinel::{MASTER, Sentinel};
pub use other_clock::OtherClock;
pub use port::free_port;
pub use postgres::TestPostgres;
pub use proxy::{Door, Proxy};
pub use rights::{cluster_rights, rights, sentinel_rights};
pub use rule::{End, Rule, Way};
pub use sentinel::{TestSentinel, url_of};
pub use server::TestRedis;
pub use slots::{SHARDS, feed_of};
pub use traffic::Traffic;
pub use wait::wait_until;
