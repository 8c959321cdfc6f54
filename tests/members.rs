//! The members of a group that share the feed.
#![allow(dead_code, reason = "each file uses a part of it")]

use std::time::{Duration, Instant};

use stream_events::{Assigned, FeedGroup};
use support::TestRedis;
use tokio::time::timeout;

pub(crate) const FEED: &str = "job_index:feed";
pub(crate) const IN_TIME: Duration = Duration::from_secs(60);

pub(crate) fn name(assigned: &Assigned) -> String {
    let event = assigned.event();
    format!("{} {}", event.job_id().unwrap(), event.event_type())
}

pub(crate) async fn next(group: &mut FeedGroup) -> Assigned {
    let next = timeout(IN_TIME, group.next()).await;
    next.expect("in time").unwrap().unwrap()
}

pub(crate) async fn acked(group: &mut FeedGroup) -> String {
    let assigned = next(group).await;
    assigned.ack().await.unwrap();
    name(&assigned)
}

/// What is pending in a group.
pub(crate) fn pending(redis: &TestRedis, group: &str) -> u64 {
    let mut command = redis::cmd("XPENDING");
    command.arg(FEED).arg(group);
    let (count, ..): (u64, redis::Value, redis::Value, redis::Value) =
        command.query(&mut redis.client()).unwrap();
    count
}

/// So many events that a fleet is given, by member.
pub(crate) async fn shared(fleet: &mut [FeedGroup], events: usize) -> Vec<Vec<String>> {
    let mut given = vec![Vec::new(); fleet.len()];
    let began = Instant::now();
    while given.iter().map(Vec::len).sum::<usize>() < events {
        assert!(began.elapsed() < IN_TIME, "{given:?}");
        for (member, given) in fleet.iter_mut().zip(&mut given) {
            let wait = Duration::from_millis(20);
            if let Ok(assigned) = timeout(wait, member.next()).await {
                let assigned = assigned.unwrap().unwrap();
                assigned.ack().await.unwrap();
                given.push(name(&assigned));
            }
        }
    }
    given
}
