//! Counts the words of files that come from apalis' queue, with a span around each task.

use std::{env, error::Error, io};

use apalis::prelude::*;
use apalis_redis::RedisStorage;
use serde::{Deserialize, Serialize};
use tokio::fs;

#[derive(Clone, Debug, Deserialize, Serialize)]
struct File {
    path: String,
}

async fn count_words(file: File) -> io::Result<usize> {
    tracing::info!("reading {}", file.path);
    let text = fs::read_to_string(&file.path).await?;
    Ok(text.split_whitespace().count())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt::init();
    let redis = apalis_redis::connect(env::var("REDIS_URL")?).await?;
    let mut queue = RedisStorage::new(redis);
    for path in env::args().skip(1) {
        queue.push(File { path }).await?;
    }
    let worker = WorkerBuilder::new("word-counter")
        .backend(queue)
        .retry(RetryPolicy::retries(2))
        .enable_tracing()
        .build(count_words);
    Ok(worker.run().await?)
}
