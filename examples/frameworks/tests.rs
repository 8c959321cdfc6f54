//! Each framework's job once it is annotated: the program at work, and what then stands on a real server.

#[path = "apalis/test.rs"]
mod apalis;
#[path = "apalis_spans/test.rs"]
mod apalis_spans;
#[path = "axum/test.rs"]
mod axum;
#[path = "cron/test.rs"]
mod cron;
mod diff;
#[path = "graphile_worker/test.rs"]
mod graphile_worker;
#[path = "graphile_worker_spans/test.rs"]
mod graphile_worker_spans;
#[path = "tonic/messages.rs"]
mod messages;
#[path = "sidekiq/test.rs"]
mod sidekiq;
#[path = "tonic/test.rs"]
mod tonic;

use support::{Program, RawEntry, Running, TestRedis, wait_until};

/// A program of this package, at work on this server.
fn start(program: &str, argument: &str, redis: &TestRedis) -> Running {
    Program::at(program)
        .arg(argument)
        .env("REDIS_URL", redis.url())
        .start()
}

/// A job's stream, once so many of its runs have ended.
fn ended(redis: &TestRedis, job_id: &str, runs: usize) -> Vec<RawEntry> {
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
fn jobs(redis: &TestRedis, count: usize) -> Vec<String> {
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
