//! This example shows how to follow a job from another process: its events so far, then live.
//!
//! `REDIS_URL=redis://127.0.0.1/ cargo run --example live_feed JOB_ID [AFTER_ID]`: with the id of
//! the last event that was seen, a feed goes on where another left off. It ends with the job.

use std::{env, error::Error, io};

use stream_events::Reader;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt().with_writer(io::stderr).init();
    let mut arguments = env::args().skip(1);
    let job_id = arguments.next().ok_or("name a job by its id")?;

    let mut watch = Reader::from_env()?.watch(job_id)?;
    if let Some(id) = arguments.next() {
        watch = watch.after(id.parse()?);
    }
    while let Some(item) = watch.next().await {
        println!("{}", item?);
    }
    Ok(())
}
