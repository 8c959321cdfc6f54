//! Counts the words of files that come from graphile_worker's queue, with the spans that it has anyway.

use std::{env, error::Error, io};

use graphile_worker::{IntoTaskHandlerResult, Job, JobSpecBuilder, TaskHandler, WorkerContext};
use serde::{Deserialize, Serialize};
use tokio::fs;

#[derive(Deserialize, Serialize)]
struct File {
    path: String,
}

impl TaskHandler for File {
    const IDENTIFIER: &'static str = "count_words";

    async fn run(self, context: WorkerContext) -> impl IntoTaskHandlerResult {
        count_words(self, context.job()).await
    }
}

async fn count_words(file: File, job: &Job) -> io::Result<()> {
    tracing::info!("job {}: reading {}", job.id(), file.path);
    let text = fs::read_to_string(&file.path).await?;
    let words = text.split_whitespace().count();
    fs::write(file.path + ".words", words.to_string()).await
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let jobs = stream_events_tracing::JobSpans::graphile_worker();
    let _events = stream_events_tracing::builder().job_spans(jobs).init()?;
    let worker = graphile_worker::WorkerOptions::default()
        .database_url(&env::var("DATABASE_URL")?)
        .define_job::<File>()
        .init()
        .await?;
    let twice = || JobSpecBuilder::new().max_attempts(2).build();
    for path in env::args().skip(1) {
        worker
            .create_utils()
            .add_job(File { path }, twice())
            .await?;
    }
    Ok(worker.run().await?)
}
