//! Empties a folder, each second.

use std::{env, error::Error, future, io, path::PathBuf};

use tokio::fs;
use tokio_cron_scheduler::{Job, JobScheduler};
use uuid::Uuid;

async fn sweep(schedule: Uuid, folder: PathBuf) -> io::Result<u64> {
    let mut files = fs::read_dir(folder).await?;
    let mut removed = 0;
    while let Some(file) = files.next_entry().await? {
        tracing::info!(%schedule, "removing {:?}", file.file_name());
        fs::remove_file(file.path()).await?;
        removed += 1;
    }
    Ok(removed)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt::init();
    let folder = PathBuf::from(env::args().nth(1).ok_or("name a folder")?);
    let scheduler = JobScheduler::new().await?;
    let each_second = Job::new_async("* * * * * *", move |schedule, _| {
        let sweep = sweep(schedule, folder.clone());
        Box::pin(async {
            if let Err(error) = sweep.await {
                tracing::error!(%error);
            }
        })
    })?;
    scheduler.add(each_second).await?;
    scheduler.start().await?;
    future::pending().await
}
