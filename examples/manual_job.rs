//! This example shows a job without macros, for code that cannot be annotated: a count of words.
//!
//! `cargo run --example manual_job README.md CONTRIBUTING.md`

use std::{env, error::Error, fs, io};

use stream_events::{DEFAULT_FLUSH_TIMEOUT, Fields, Job, JobId, Progress, Publisher};

fn count_words(job: &Job, paths: &[String]) -> io::Result<usize> {
    let mut total = 0;
    for (done, path) in (1..).zip(paths) {
        let words = fs::read_to_string(path)?.split_whitespace().count();
        total += words;

        let counted = Fields::new().field("path", path).field("words", &words);
        job.emit("words_counted", counted);
        let progress = Progress::new(format!("counted {path}"));
        job.progress(progress.current(done).total(paths.len() as u64));
    }
    Ok(total)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt().with_writer(io::stderr).init();
    let paths: Vec<_> = env::args().skip(1).collect();
    let publisher = Publisher::from_env()?;

    let job = publisher.job(JobId::random(), "word_count")?;
    let counted = count_words(&job, &paths);
    match &counted {
        Ok(words) => job.completed(words),
        Err(error) => job.failed(error),
    }
    println!("{}", publisher.flush(DEFAULT_FLUSH_TIMEOUT).await);

    let mut history = publisher.reader().history(job.id())?;
    while let Some(event) = history.next().await {
        println!("{}", event?);
    }
    counted?;
    Ok(())
}
