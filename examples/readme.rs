//! This example shows the whole program of the README: a job, and its events as they come.
//!
//! `cargo run --example readme`

use stream_events::{JobId, job_events, progress, publish};

#[job_events(task_type = "word_count", fields(path), ret)]
async fn count_words(job_id: JobId, path: &str) -> std::io::Result<usize> {
    progress!("reading {path}", step = "read", percent = 0);
    let text = std::fs::read_to_string(path)?;
    progress!("counting", step = "count", percent = 50);
    let words = text.split_whitespace().count();
    publish!("words_counted", words);
    Ok(words)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // REDIS_URL names the store; without it, events stay in this process's memory.
    let events = stream_events_tracing::init()?;
    let job_id = JobId::random();
    let mut watch = events.publisher().reader().watch(&job_id)?;
    let job = tokio::spawn(count_words(job_id, "Cargo.toml"));
    while let Some(item) = watch.next().await {
        println!("{}", item?);
    }
    println!("{} words", job.await??);
    Ok(())
}
