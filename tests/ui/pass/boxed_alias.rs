//! Aliases of boxed futures and of their results: told by type, since the names say nothing.
#![deny(warnings)]
use futures_util::future::{BoxFuture, LocalBoxFuture};
use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use stream_events::job_events;

type Outcome<T> = Result<T, String>;
type Work<'a> = Pin<Box<dyn Future<Output = Outcome<u8>> + Send + Sync + 'a>>;
type Answer = u8;

#[job_events(task_type = "halve", ret)]
fn halve<'a>(job_id: &'a str, number: &'a u8) -> BoxFuture<'a, Outcome<u8>> {
    Box::pin(async move {
        if number % 2 == 1 {
            return Err(job_id.to_owned());
        }
        Ok(number / 2)
    })
}

#[job_events(task_type = "local", err(Debug))]
fn local(job_id: u8) -> LocalBoxFuture<'static, u8> {
    Box::pin(async move { job_id })
}

#[job_events(task_type = "work")]
fn work<'a>(job_id: &'a u8) -> Work<'a> {
    Box::pin(async move { Ok(*job_id) })
}

#[job_events(task_type = "answer")]
fn answer(job_id: u8) -> Answer {
    job_id
}

#[job_events(task_type = "outcome")]
fn outcome(job_id: u8) -> Outcome<u8> {
    Ok(job_id)
}

fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("nothing is awaited"),
    }
}

#[test]
fn main() {
    assert_eq!(now(halve("a", &4)), Ok(2));
    assert_eq!(now(halve("a", &3)), Err("a".to_owned()));
    assert_eq!(now(local(1)), 1);
    assert_eq!(now(work(&1)), Ok(1));
    assert_eq!((answer(1), outcome(1)), (1, Ok(1)));
}
