//! Functions that return `impl Future`, whatever else it is: that future is the job.
#![deny(warnings, clippy::all, clippy::pedantic, clippy::nursery)]
use std::fmt::Display;
use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use stream_events::{job_events, progress};

#[job_events(task_type = "double", fields(number), ret)]
fn double<'a>(
    job_id: &'a str,
    number: &'a str,
) -> impl Future<Output = Result<i32, std::num::ParseIntError>> + Send + 'a {
    let same = number == job_id;
    async move {
        progress!("doubling {number}");
        if same {
            return Ok(0);
        }
        let number: i32 = number.parse()?;
        Ok(number * 2)
    }
}

/// It has no `await` of its own, and an early return.
#[job_events(task_type = "ready")]
fn ready(job_id: u8) -> impl core::future::Future<Output = (u8, impl Display)> + Unpin {
    if job_id == 0 {
        return std::future::ready((0, "none".to_owned()));
    }
    std::future::ready((job_id, "some".to_owned()))
}

/// A future written by hand.
struct Countdown(u8);

impl Future for Countdown {
    type Output = &'static str;

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<&'static str> {
        self.0 = self.0.saturating_sub(1);
        if self.0 == 0 {
            return Poll::Ready("done");
        }
        Poll::Pending
    }
}

trait Task {
    fn run(&self, job_id: String) -> impl Future<Output = usize> + Send;
}

impl Task for Vec<u8> {
    #[job_events(task_type = "run", fields(has = self.len()), ret)]
    fn run(&self, job_id: String) -> impl Future<Output = usize> + Send {
        async move { self.len() + job_id.len() }
    }
}

#[job_events(task_type = "count", job_id = new)]
fn count(from: u8) -> impl Future<Output = &'static str> {
    Countdown(from)
}

const fn assert_send<T: Send>(future: T) -> T {
    future
}

fn poll<T>(future: impl Future<Output = T>, mut polls: u8) -> Option<T> {
    let mut future = pin!(future);
    while polls > 0 {
        polls -= 1;
        let mut context = Context::from_waker(Waker::noop());
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return Some(output);
        }
    }
    None
}

#[test]
fn main() {
    assert_eq!(poll(assert_send(double("a", "21")), 1), Some(Ok(42)));
    assert_eq!(poll(double("a", "a"), 1), Some(Ok(0)));
    let mut number = ready(3);
    let polled = Pin::new(&mut number).poll(&mut Context::from_waker(Waker::noop()));
    assert!(matches!(polled, Poll::Ready((3, _))));
    assert_eq!(poll(count(3), 2), None);
    assert_eq!(poll(count(3), 3), Some("done"));
    assert_eq!(poll(assert_send(vec![1].run("ab".to_owned())), 1), Some(3));
}
