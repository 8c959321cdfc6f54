//! Counts the words of files that come from sidekiq's queue.

use std::{env, error::Error};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use sidekiq::{Processor, RedisConnectionManager, Worker};
use tokio::fs;

#[derive(Deserialize, Serialize)]
struct File {
    id: u64,
    path: String,
}

struct Counter;

#[async_trait]
impl Worker<File> for Counter {
    async fn perform(&self, file: File) -> sidekiq::Result<()> {
        Ok(count_words(&file.path).await?)
    }
}

async fn count_words(path: &str) -> Result<(), Box<dyn Error + Send + Sync>> {
    tracing::info!("reading {path}");
    let text = fs::read_to_string(path).await?;
    let words = text.split_whitespace().count();
    Ok(fs::write(format!("{path}.words"), words.to_string()).await?)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt::init();
    let manager = RedisConnectionManager::new(env::var("REDIS_URL")?)?;
    let redis = bb8::Pool::builder().build(manager).await?;
    for (id, path) in (1..).zip(env::args().skip(1)) {
        Counter::perform_async(&redis, File { id, path }).await?;
    }
    let mut processor = Processor::new(redis, vec!["default".to_owned()]);
    processor.register(Counter);
    processor.run().await;
    Ok(())
}
