//! `err(chain)` reads the causes of an `Error`, and of what holds one, as boxes and `anyhow::Error` do.
use std::error::Error;
use std::fmt::{self, Debug};
use std::io;
use std::ops::Deref;
use std::sync::Arc;

use stream_events::job_events;

/// Is no `Error`, as `anyhow::Error` is none.
#[derive(Debug)]
struct Report(Box<dyn Error + Send + Sync>);

impl Deref for Report {
    type Target = dyn Error + Send + Sync;

    fn deref(&self) -> &Self::Target {
        &*self.0
    }
}

impl<E: Error + Send + Sync + 'static> From<E> for Report {
    fn from(error: E) -> Self {
        Self(Box::new(error))
    }
}

#[job_events(task_type = "a", err(chain))]
async fn of_an_error(job_id: &str) -> io::Result<String> {
    std::fs::read_to_string(job_id)
}

#[job_events(task_type = "a", err(chain), ret)]
async fn of_a_box(job_id: &str) -> Result<u8, Box<dyn Error + Send + Sync>> {
    Ok(job_id.parse()?)
}

#[job_events(task_type = "a", err(chain))]
async fn of_a_box_that_stays(job_id: &str) -> Result<u8, Box<dyn Error>> {
    Ok(job_id.parse()?)
}

#[job_events(task_type = "a", err(chain))]
async fn of_a_report(job_id: &str) -> Result<u8, Report> {
    Ok(job_id.parse()?)
}

#[job_events(task_type = "a", err(chain))]
async fn of_a_shared_one(job_id: &str) -> Result<u8, Arc<fmt::Error>> {
    job_id.parse().map_err(|_| Arc::new(fmt::Error))
}

#[job_events(task_type = "a", err(chain))]
async fn of_any<E: Error>(job_id: &str, error: E) -> Result<impl Debug, E> {
    match job_id {
        "" => Err(error),
        _ => Ok(job_id.to_owned()),
    }
}

#[job_events(task_type = "a", err(chain))]
async fn of_none(job_id: &str) -> Option<usize> {
    Some(job_id.len())
}

#[test]
fn main() {
    drop((of_an_error("a"), of_a_box("1"), of_a_box_that_stays("1")));
    drop((of_a_report("1"), of_a_shared_one("1"), of_none("1")));
    drop(of_any("1", fmt::Error));
}
