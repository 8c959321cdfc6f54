//! Counts the words of files that come from apalis' queue; what fails is tried again, twice.

use std::{env, error::Error, io};

use apalis::prelude::*;
use apalis_redis::RedisStorage;
use serde::{Deserialize, Serialize};
use stream_events::{job_events, progress};
use tokio::fs;

#[derive(Clone, Debug, Deserialize, Serialize)]
struct File {
    path: String,
}

#[job_events(task_type = "words", job_id = id, attempt = attempt.current(), max_attempts = 3)]
async fn count_words(file: File, id: TaskId, attempt: Attempt) -> io::Result<usize> {
    progress!("reading {}", file.path);
    let text = fs::read_to_string(&file.path).await?;
    Ok(text.split_whitespace().count())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let _events = stream_events_tracing::init()?;
    let redis = apalis_redis::connect(env::var("REDIS_URL")?).await?;
    let mut queue = RedisStorage::new(redis);
    for path in env::args().skip(1) {
        queue.push(File { path }).await?;
    }
    let worker = WorkerBuilder::new("word-counter")
        .backend(queue)
        .retry(RetryPolicy::retries(2))
        .build(count_words);
    Ok(worker.run().await?)
}
