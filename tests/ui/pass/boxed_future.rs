//! Functions that return a boxed future, in every way to write it.
#![deny(warnings)]
#![allow(unused_qualifications)]
use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use stream_events::{job_events, progress};

#[job_events(task_type = "double", fields(number), ret)]
fn double<'a>(
    job_id: &'a str,
    number: &'a str,
) -> Pin<Box<dyn Future<Output = Result<i32, std::num::ParseIntError>> + Send + 'a>> {
    if number == job_id {
        return Box::pin(std::future::ready(Ok(0)));
    }
    Box::pin(async move {
        progress!("doubling {number}");
        let number: i32 = number.parse()?;
        Ok(number * 2)
    })
}

#[job_events(task_type = "local", job_id = new)]
fn local(text: &str) -> Pin<Box<dyn Future<Output = usize> + '_>> {
    let text = std::rc::Rc::new(text);
    Box::pin(async move {
        std::future::ready(()).await;
        text.len()
    })
}

#[job_events(task_type = "shared", job_id = new, ret)]
fn shared<T: Clone + Sync + serde::Serialize + Send + 'static>(
    value: T,
) -> std::pin::Pin<Box<dyn core::future::Future<Output = T> + Sync + Send>> {
    Box::pin(async move { value.clone() })
}

struct Worker(u8);

impl Worker {
    #[job_events(task_type = "step", job_id = self.0, fields(by))]
    fn step(&mut self, by: u8) -> Pin<Box<dyn Future<Output = &u8> + Send + '_>> {
        Box::pin(async move {
            self.0 += by;
            &self.0
        })
    }
}

fn assert_send<T: Send>(future: T) -> T {
    future
}

fn assert_sync<T: Sync>(future: T) -> T {
    future
}

fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("nothing is awaited"),
    }
}

#[test]
fn main() {
    assert_eq!(now(assert_send(double("a", "21"))), Ok(42));
    assert_eq!(now(double("a", "a")), Ok(0));
    assert!(now(double("a", "b")).is_err());
    assert_eq!(now(local("abc")), 3);
    assert_eq!(now(assert_sync(assert_send(shared(vec![1])))), [1]);
    assert_eq!(now(assert_send(Worker(1).step(2))), &3);
}
