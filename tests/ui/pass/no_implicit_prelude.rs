//! Without any prelude.
#![no_implicit_prelude]

use ::std::mem::drop;
use ::std::result::Result::{self, Ok};
use ::stream_events::{job_events, progress, progress_span, publish};

#[job_events(task_type = "bare", fields(n, id = %job_id), ret)]
async fn bare(job_id: &str, n: u8) -> Result<u8, u8> {
    progress!("half {n} {}", job_id, step = "x", percent = 50, ?n);
    let _entered = progress_span!("phase {total}", total = n + 1);
    publish!("halved", n, id = %job_id);
    Ok(n)
}

#[job_events(task_type = "call", fields(n), ret)]
fn call(job_id: &str, n: u8) -> Result<u8, u8> {
    publish!("called", by = job_id);
    Ok(n)
}

#[job_events(task_type = "future", job_id = n)]
fn future(n: u8) -> impl ::std::future::Future<Output = u8> {
    async move { n }
}

#[job_events(task_type = "boxed", job_id = n)]
fn boxed(n: u8) -> ::std::pin::Pin<::std::boxed::Box<dyn ::std::future::Future<Output = u8>>> {
    ::std::boxed::Box::pin(async move { n })
}

#[job_events(task_type = "all", attempt = n, max_attempts = 3, parent = none, timeout = "1m", heartbeat = "1s", ret(max = "1 KiB"), err(chain))]
async fn all(job_id: &str, n: u8) -> ::std::io::Result<u8> {
    progress!("{total} of {}", job_id, total = n + 1, percent = n);
    Ok(n)
}

#[::core::prelude::v1::test]
fn main() {
    drop((call("a", 1), future(1), boxed(1)));
    drop((all("a", 1), bare("a", 1)));
}
