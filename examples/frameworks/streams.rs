//! What stands on a server.

use support::{RawEntry, TestRedis, wait_until};

/// A job's stream, once so many of its runs have ended.
pub(crate) fn ended(redis: &TestRedis, job_id: &str, runs: usize) -> Vec<RawEntry> {
    let key = format!("job_events:{job_id}");
    let ends = || {
        redis
            .entries(&key)
            .iter()
            .filter(|entry| is_end(entry))
            .count()
    };
    wait_until(&format!("{key} has {runs} ends"), || ends() >= runs);
    redis.entries(&key)
}

fn is_end(entry: &RawEntry) -> bool {
    ["task_completed", "task_failed"].contains(&entry.field("event_type"))
}

/// The ids of all jobs, in the order of their first events, once there are so many.
pub(crate) fn jobs(redis: &TestRedis, count: usize) -> Vec<String> {
    let mut client = redis.client();
    let mut keys = || -> Vec<String> {
        let keys = redis::cmd("KEYS").arg("job_events:*").query(&mut client);
        keys.unwrap()
    };
    wait_until(&format!("there are {count} jobs"), || keys().len() >= count);
    let mut keys = keys();
    keys.sort_by_key(|key| redis.entries(key)[0].id.clone());
    let id = |key: String| key.split_once(':').unwrap().1.to_owned();
    keys.into_iter().map(id).collect()
}
