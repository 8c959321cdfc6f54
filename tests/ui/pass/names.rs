//! Names that the macros use for their own are the user's where the user says them.
#![deny(warnings)]
use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use stream_events::{job_events, progress, publish};

#[job_events(task_type = "awaited", job_id = started, fields(job, returns, body), ret)]
async fn awaited(started: u8, job: u8, returns: u8, body: u8) -> Result<u8, String> {
    progress!("{job} {total}", total = started + 1, by = %returns);
    publish!("said", job, started, said = job + body);
    Ok(started + job + returns + body)
}

#[job_events(task_type = "called", job_id = started, fields(job, shape, body))]
fn called(started: u8, job: u8, shape: u8, body: u8) -> Result<u8, String> {
    publish!("said", job, started);
    Ok(started + job + shape + body)
}

#[job_events(task_type = "made", job_id = started, attempt = job, timeout = "1m")]
fn made(started: u8, job: u8, body: u8) -> impl Future<Output = std::io::Result<u8>> {
    async move { Ok(started + job + body) }
}

/// The first of these is the one that the second means.
#[job_events(task_type = "bound", job_id = bound_0)]
fn bound(bound_0: u8, display: u8) -> u8 {
    progress!("{total} {display}", total = display + 1, other = bound_0);
    progress!("{total}", total = bound_0 + 1, step = "x");
    bound_0
}

fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("nothing is awaited"),
    }
}

#[test]
fn main() {
    assert_eq!(now(awaited(1, 2, 3, 4)), Ok(10));
    assert_eq!(called(1, 2, 3, 4), Ok(10));
    assert_eq!(now(made(1, 2, 3)).ok(), Some(6));
    assert_eq!(bound(1, 2), 1);
}
