//! This example shows how a service sets up by hand: layers of its own, a spool, and a reaper.
//!
//! `cargo run --example by_hand redis://127.0.0.1/ target/spool README.md`

use stream_events::{Error, Installed, Publisher};
use tracing_subscriber::{filter::LevelFilter, fmt, prelude::*};

fn set_up(url: &str, spool: &str) -> Result<Installed, Error> {
    tracing_subscriber::registry()
        .with(stream_events_tracing::layer())
        .with(fmt::layer().with_filter(LevelFilter::INFO)) // Warnings tell of a store that is away.
        .init();
    let publisher = Publisher::builder().url(url).spool(spool).connect()?;
    tokio::spawn(publisher.reader().reaper().run());
    Ok(publisher.install())
}

#[stream_events::job_events(task_type = "word_count", fields(path), ret)]
async fn count_words(job_id: &str, path: &str) -> std::io::Result<usize> {
    stream_events::progress!("reading {path} for {job_id}");
    Ok(std::fs::read_to_string(path)?.split_whitespace().count())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let [url, spool, path] = &arguments[..] else {
        return Err("it needs a URL, a folder for the spool, and a file".into());
    };
    let _installed = set_up(url, spool)?;
    let words = count_words(stream_events::JobId::random().as_str(), path).await?;
    println!("{words} words");
    Ok(())
}
