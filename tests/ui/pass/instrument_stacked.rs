//! `#[instrument]` beside `#[job_events]`, in both orders, on every shape.
#![deny(warnings)]
use async_trait::async_trait;
use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use stream_events::{job_events, progress};
use tracing::instrument;

#[job_events(task_type = "outside", fields(n), ret)]
#[instrument(err)]
async fn outside(job_id: &str, n: u8) -> Result<u8, String> {
    progress!("{n}");
    n.checked_sub(1).ok_or_else(|| job_id.to_owned())
}

#[instrument(skip_all, ret, err)]
#[job_events(task_type = "inside", fields(n), ret)]
async fn inside(job_id: &str, n: u8) -> Result<u8, String> {
    n.checked_sub(1).ok_or_else(|| job_id.to_owned())
}

#[job_events(task_type = "sync_outside")]
#[instrument]
fn sync_outside(job_id: &str) -> usize {
    job_id.len()
}

#[instrument(err)]
#[job_events(task_type = "sync_inside")]
fn sync_inside(job_id: &str) -> Result<usize, String> {
    Ok(job_id.len())
}

#[job_events(task_type = "boxed_outside")]
#[instrument]
fn boxed_outside(job_id: &str) -> Pin<Box<dyn Future<Output = usize> + Send + '_>> {
    Box::pin(async move { job_id.len() })
}

#[instrument]
#[job_events(task_type = "boxed_inside")]
fn boxed_inside(job_id: &str) -> Pin<Box<dyn Future<Output = usize> + Send + '_>> {
    Box::pin(async move { job_id.len() })
}

#[async_trait]
trait Task {
    async fn outside(&self, job_id: &str) -> Result<usize, String>;
    async fn inside(&self, job_id: &str) -> Result<usize, String>;
}

#[async_trait]
impl Task for () {
    #[job_events(task_type = "trait_outside", ret)]
    #[instrument(err)]
    async fn outside(&self, job_id: &str) -> Result<usize, String> {
        Ok(job_id.len())
    }

    #[instrument(skip(self), err)]
    #[job_events(task_type = "trait_inside", ret)]
    async fn inside(&self, job_id: &str) -> Result<usize, String> {
        Ok(job_id.len())
    }
}

fn now<T>(future: impl Future<Output = T> + Send) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("nothing is awaited"),
    }
}

#[test]
fn main() {
    assert_eq!((now(outside("a", 1)), now(inside("a", 1))), (Ok(0), Ok(0)));
    assert!(now(outside("a", 0)).is_err() && now(inside("a", 0)).is_err());
    assert_eq!((sync_outside("a"), sync_inside("a")), (1, Ok(1)));
    assert_eq!((now(boxed_outside("a")), now(boxed_inside("a"))), (1, 1));
    assert_eq!((now(().outside("a")), now(().inside("a"))), (Ok(1), Ok(1)));
}
