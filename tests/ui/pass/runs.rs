//! The annotated function returns what it would without the attribute, `?` and early returns included.
use std::future::Future;
use std::num::ParseIntError;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use stream_events::job_events;

#[job_events(task_type = "double")]
async fn double(job_id: &str, number: &str) -> Result<i32, ParseIntError> {
    if number == job_id {
        return Ok(0);
    }
    let number: i32 = number.parse()?;
    Ok(number * 2)
}

fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("nothing is awaited"),
    }
}

#[test]
fn main() {
    assert_eq!(now(double("a", "21")), Ok(42));
    assert_eq!(now(double("a", "a")), Ok(0));
    assert!(now(double("a", "b")).is_err());
}
