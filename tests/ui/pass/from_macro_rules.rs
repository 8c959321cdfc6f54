//! Functions, types, bodies and values that come out of a `macro_rules!`.
#![deny(warnings)]
use std::future::Future;
use std::pin::Pin;
use stream_events::{job_events, progress, progress_span, publish};

macro_rules! job {
    ($task:literal, $name:ident($($arg:ident: $ty:ty),*) -> $ret:ty $body:block) => {
        #[job_events(task_type = $task, fields($($arg),*), ret)]
        async fn $name(job_id: &str, $($arg: $ty),*) -> $ret $body
    };
}

macro_rules! says {
    ($id:expr, $name:ident, $message:literal, $type:expr) => {
        #[job_events(task_type = "says", job_id = $id)]
        async fn $name() {
            let n = 3;
            progress!($message, count = $id);
            progress!("{total}", total = $id);
            progress!("{}", $id, n);
            progress_span!($message, total = $id).in_scope(|| {});
            publish!($type, id = $id, n);
        }
    };
}

macro_rules! call {
    ($name:ident($arg:ident: $ty:ty) -> $ret:ty $body:block) => {
        #[job_events(task_type = "call", job_id = $arg, fields($arg))]
        fn $name($arg: $ty) -> $ret $body
    };
}

job!("sum", sum(a: u32, b: u32) -> Result<u32, std::num::TryFromIntError> {
    if a > b {
        return Ok(0);
    }
    let sum = u32::try_from(u64::from(a) + u64::from(b))?;
    Ok(sum)
});

says!(1 + 2, literally, "at work", "said");
says!(1 + 2, formatted, "plain", format!("{}_said", 1));

call!(length(text: &str) -> Result<usize, String> {
    if text.is_empty() {
        return Err("empty".to_owned());
    }
    Ok(text.len())
});
call!(later(n: u8) -> impl Future<Output = u8> {
    std::future::ready(n)
});
call!(boxed(n: u8) -> Pin<Box<dyn Future<Output = u8> + Send>> {
    Box::pin(async move { n })
});

#[test]
fn main() {
    assert_eq!(length("a"), Ok(1));
    drop((later(1), boxed(1)));
    drop(sum("a", 1, 2));
    drop(literally());
    drop(formatted());
}
