//! What is not `Send` need not be: arguments, what lives across an await, the result and the error.
#![deny(warnings)]
use std::cell::RefCell;
use std::future::Future;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use stream_events::{job_events, progress, publish};

#[job_events(task_type = "local", fields(count = *count.borrow()))]
async fn local(job_id: Rc<str>, count: Rc<RefCell<u8>>) -> Result<Rc<str>, Rc<str>> {
    let kept = Rc::clone(&count);
    progress!("before", current = *kept.borrow());
    std::future::ready(()).await;
    publish!("counted", count = *kept.borrow());
    *kept.borrow_mut() += 1;
    if *count.borrow() > 9 {
        return Err(job_id);
    }
    Ok(job_id)
}

#[job_events(task_type = "call")]
fn call(job_id: Rc<str>) -> Result<*const u8, Rc<str>> {
    Ok(job_id.as_ptr())
}

#[job_events(task_type = "future")]
fn future(job_id: Rc<str>) -> impl Future<Output = Rc<str>> {
    async move { job_id }
}

#[job_events(task_type = "boxed")]
fn boxed(job_id: Rc<str>) -> Pin<Box<dyn Future<Output = Result<(), Rc<str>>>>> {
    Box::pin(async move { Err(job_id) })
}

fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("nothing is awaited"),
    }
}

#[test]
fn main() {
    let id: Rc<str> = "a".into();
    let count = Rc::new(RefCell::new(8));
    assert!(now(local(id.clone(), count.clone())).is_ok());
    assert!(now(local(id.clone(), count)).is_err());
    assert!(call(id.clone()).is_ok());
    assert_eq!(now(future(id.clone())), id);
    assert_eq!(now(boxed(id.clone())), Err(id));
}
