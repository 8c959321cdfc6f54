//! `timeout` takes a text with units, a constant or an expression of arguments; the error is made from
//! `Elapsed`, which boxed ones and those of `std::io` are by themselves.
use std::error::Error;
use std::io;
use std::time::Duration;

use stream_events::{Elapsed, job_events};

struct Late;

impl From<Elapsed> for Late {
    fn from(_: Elapsed) -> Self {
        Self
    }
}

#[job_events(task_type = "a", timeout = "1h30m")]
async fn of_io(job_id: &str) -> io::Result<usize> {
    Ok(job_id.len())
}

const MOST: Duration = Duration::from_secs(3);

#[job_events(task_type = "a", timeout = MOST * 2, err(chain), ret)]
async fn of_a_box(job_id: &str) -> Result<usize, Box<dyn Error + Send + Sync>> {
    Ok(job_id.parse()?)
}

type Outcome<T> = Result<T, Late>;

impl std::fmt::Display for Late {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("late")
    }
}

#[job_events(task_type = "a", timeout = limits.timeout)]
async fn of_an_argument(job_id: &str, limits: Limits) -> Outcome<impl AsRef<str>> {
    Ok(format!("{job_id} within {:?}", limits.timeout))
}

struct Limits {
    timeout: Duration,
}

impl Limits {
    #[job_events(task_type = "a", timeout = self.timeout, ret(max = "1 KiB"))]
    async fn of_self<E>(&mut self, job_id: E) -> Result<(), E>
    where
        E: From<Elapsed> + std::fmt::Display,
    {
        self.timeout = MOST;
        Err(job_id)
    }

    #[job_events(task_type = "a", timeout = "5s")]
    async fn of_elapsed(self, job_id: u8) -> Result<u8, Elapsed> {
        Ok(job_id)
    }
}

fn must_be_send(_: impl Send) {}

#[test]
fn main() {
    let mut limits = Limits { timeout: MOST };
    drop(limits.of_self(Late));
    must_be_send((of_io("a"), of_a_box("a"), limits.of_elapsed(3)));
    drop(of_an_argument("a", Limits { timeout: MOST }));
}
