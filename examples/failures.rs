//! This example shows who is told of jobs that fail: first those of the last hour, then each that fails
//! from now on, once, however many run this.
//!
//! `REDIS_URL=redis://127.0.0.1/ cargo run --example failures [GROUP]`

use std::{env, error::Error, io};

use stream_events::{Details, Reader};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt().with_writer(io::stderr).init();
    let group = env::args().nth(1).unwrap_or_else(|| "failures".to_owned());
    let reader = Reader::from_env()?;

    let mut failed = reader.jobs("status:failed after:-1h".parse()?);
    loop {
        let page = failed.page().await?;
        for job in page.jobs {
            println!("before: {}: {}", job.job_id, job.error.unwrap_or_default());
        }
        let Some(next) = page.next else { break };
        failed = failed.after(&next)?;
    }

    let mut group = reader.feed_group(group)?;
    while let Some(assigned) = group.next().await {
        let assigned = assigned?;
        let event = assigned.event();
        if let (Some(job), Details::Failed { error, .. }) = (event.job_id(), event.details()) {
            println!("{job}: {}", error.unwrap_or_default());
        }
        assigned.ack().await?;
    }
    Ok(())
}
