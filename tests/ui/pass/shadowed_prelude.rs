//! A module with its own `Result`, `Ok`, `Box`, `core`, `std`, ... does not disturb the macros.
#![allow(dead_code, non_camel_case_types, non_upper_case_globals, unused_macros)]

struct Ok;
struct Err;
struct Some;
struct None;
struct Box;
struct String;
struct Option;
struct Result;
struct tracing;
struct serde;
struct stream_event;
trait Display {}
trait Send {}
trait Future {}
mod core {}
mod std {}
struct Duration;
struct percent;
struct count;
macro_rules! format_args {
    () => {};
}
macro_rules! event {
    () => {};
}
macro_rules! span {
    () => {};
}
macro_rules! event_enabled {
    () => {};
}

#[stream_events::job_events(task_type = "shadow", fields(n, %name, ?flag), ret, err(Debug))]
async fn shadow(job_id: &str, n: u8, name: &str, flag: bool) -> ::std::result::Result<u8, u8> {
    stream_events::progress!(
        "half {n} {}",
        name,
        step = "x",
        current = n,
        total = 2 * n,
        ?flag
    );
    stream_events::progress_span!("phase {n}", total = n).record("current", n);
    stream_events::publish!("halved", n, %name, ?flag);
    if job_id == name {
        return ::std::result::Result::Err(n);
    }
    ::std::result::Result::Ok(n)
}

#[stream_events::job_events(task_type = "call", fields(n), ret)]
fn call(job_id: &str, n: u8) -> ::std::result::Result<u8, u8> {
    if job_id.is_empty() {
        return ::std::result::Result::Err(n);
    }
    ::std::result::Result::Ok(n)
}

#[stream_events::job_events(task_type = "future", job_id = n)]
fn future(n: u8) -> impl ::std::future::Future<Output = u8> {
    async move { n }
}

#[stream_events::job_events(task_type = "boxed", job_id = n)]
fn boxed(
    n: u8,
) -> ::std::pin::Pin<::std::boxed::Box<dyn ::std::future::Future<Output = u8> + ::std::marker::Send>>
{
    ::std::boxed::Box::pin(async move { n })
}

#[stream_events::job_events(
    task_type = "all",
    attempt = n,
    max_attempts = 3,
    parent = none,
    timeout = "1m",
    heartbeat = "1s",
    ret(max = "1 KiB"),
    err(chain)
)]
async fn all(job_id: &str, n: u8) -> ::std::io::Result<u8> {
    stream_events::progress!("{total} of {}", job_id, total = n + 1, percent = n);
    ::std::result::Result::Ok(n)
}

#[test]
fn main() {
    drop(all("a", 1));
    drop((call("a", 1), future(1), boxed(1)));
    drop(shadow("a", 1, "b", true));
}
