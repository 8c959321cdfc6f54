//! Methods that `#[async_trait]` has boxed: of an impl and of the trait itself, `Send` and not, generic, with borrows.
#![deny(warnings)]
use async_trait::async_trait;
use std::future::Future;
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use stream_events::{job_events, progress};

#[async_trait]
trait Task: Sync {
    type Output: Send;

    async fn run(&self, job_id: &str) -> Result<Self::Output, String>;

    #[job_events(task_type = "twice", fields(name))]
    async fn twice(
        &self,
        job_id: &str,
        name: &str,
    ) -> Result<(Self::Output, Self::Output), String> {
        progress!("twice {name}");
        if name == job_id {
            return Err(name.to_owned());
        }
        Ok((self.run(job_id).await?, self.run(job_id).await?))
    }
}

struct Length {
    most: usize,
}

#[async_trait]
impl Task for Length {
    type Output = usize;

    #[job_events(task_type = "length", fields(self.most), ret)]
    async fn run(&self, job_id: &str) -> Result<Self::Output, String> {
        std::future::ready(()).await;
        Ok(job_id.len().min(self.most))
    }
}

#[async_trait]
trait Store {
    async fn put<T: Into<u64> + Send + 'static>(&mut self, job_id: String, values: Vec<T>);
    async fn id(&self) -> u64;
}

#[async_trait]
impl Store for u64 {
    #[job_events(task_type = "put", fields(count = values.len()))]
    async fn put<T: Into<u64> + Send + 'static>(&mut self, mut job_id: String, values: Vec<T>) {
        job_id.clear();
        for value in values {
            *self += value.into();
        }
    }

    #[job_events(task_type = "id", job_id = self)]
    async fn id(&self) -> u64 {
        *self
    }
}

#[async_trait(?Send)]
trait Local {
    async fn count(&self, job_id: Rc<str>) -> usize;
}

#[async_trait(?Send)]
impl Local for Rc<str> {
    #[job_events(task_type = "count", err(Debug))]
    async fn count(&self, job_id: Rc<str>) -> usize {
        std::future::ready(()).await;
        Rc::strong_count(self) + job_id.len()
    }
}

fn assert_send<T: Send>(future: T) -> T {
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
    let length = Length { most: 2 };
    assert_eq!(now(assert_send(length.twice("abc", "b"))), Ok((2, 2)));
    assert_eq!(now(length.twice("b", "b")), Err("b".to_owned()));
    let mut sum = 1;
    now(assert_send(sum.put("a".to_owned(), vec![2_u8, 3])));
    assert_eq!(now(sum.id()), 6);
    assert_eq!(now(Rc::<str>::from("a").count("ab".into())), 3);
}
