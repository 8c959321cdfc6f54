//! Jobs that are declared where other jobs do their work.
#![deny(warnings)]
use std::future::Future;
use std::num::ParseIntError;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use stream_events::{job_events, publish};

#[job_events(task_type = "sum", ret)]
async fn sum(job_id: &str, numbers: &[&str]) -> Result<u32, ParseIntError> {
    /// Its `?` and `return` are its own.
    #[job_events(task_type = "parse", job_id = text)]
    fn parse(text: &str) -> Result<u32, ParseIntError> {
        if text.is_empty() {
            return Ok(0);
        }
        let number = text.parse()?;
        publish!("parsed", number);
        Ok(number)
    }

    struct Parser;

    impl Parser {
        #[job_events(task_type = "first", job_id = new)]
        async fn first(&self, numbers: &[&str]) -> Option<u32> {
            parse(numbers.first()?).ok()
        }
    }

    let rest = async {
        let mut sum = 0;
        for number in &numbers[1..] {
            sum += parse(number)?;
        }
        Ok::<_, ParseIntError>(sum)
    };
    let first = Parser.first(numbers).await;
    let sum = first.unwrap_or_default() + rest.await?;
    publish!("summed", sum, by = job_id);
    Ok(sum)
}

fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("nothing is awaited"),
    }
}

#[test]
fn main() {
    assert_eq!(now(sum("a", &["1", "", "3"])), Ok(4));
    assert!(now(sum("a", &["1", "x"])).is_err());
}
