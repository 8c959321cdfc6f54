//! Jobs that call themselves, boxed, in a place that wants `Send`.
#![deny(warnings)]
use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use stream_events::job_events;

#[job_events(task_type = "sum", ret)]
async fn sum(job_id: String, number: u64) -> Result<u64, String> {
    if number == 0 {
        return Ok(0);
    }
    let rest = Box::pin(sum(format!("{job_id}_{number}"), number - 1)).await?;
    Ok(number + rest)
}

#[job_events(task_type = "boxed_sum", job_id = new)]
fn boxed_sum(number: u64) -> Pin<Box<dyn Future<Output = u64> + Send>> {
    Box::pin(async move {
        match number {
            0 => 0,
            _ => number + boxed_sum(number - 1).await,
        }
    })
}

#[job_events(task_type = "even")]
fn even(job_id: u8) -> bool {
    job_id == 0 || odd(job_id - 1)
}

#[job_events(task_type = "odd")]
fn odd(job_id: u8) -> bool {
    job_id != 0 && even(job_id - 1)
}

fn now<T>(future: impl Future<Output = T> + Send) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("nothing is awaited"),
    }
}

#[test]
fn main() {
    assert_eq!(now(sum("a".to_owned(), 4)), Ok(10));
    assert_eq!(now(boxed_sum(4)), 10);
    assert!(even(4) && odd(3));
}
