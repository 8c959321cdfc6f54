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
mod streams;
#[path = "tonic/test.rs"]
mod tonic;

use streams::{ended, jobs};
use support::{Program, Running, TestRedis};

/// A program of this package, at work on this server.
fn start(program: &str, argument: &str, redis: &TestRedis) -> Running {
    Program::at(program)
        .arg(argument)
        .env("REDIS_URL", redis.url())
        .start()
}
