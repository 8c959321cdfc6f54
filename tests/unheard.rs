//! What is said where progress reaches no stream, and who hears that.

use stream_events::{Installed, Publisher};
use support::Log;
use tracing::Subscriber;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::{Layer, fmt};

pub(crate) const OUTSIDE: &str = "WARN stream_events: progress! or publish! outside of a job has no effect: \
    call it in a function with #[job_events]";
pub(crate) const HIDDEN: &str = "ERROR stream_events: progress does not reach the streams of jobs: a filter that \
    holds for all layers hides it; add `stream_events=info` to it, as in `RUST_LOG=warn,stream_events=info`";

/// Writes all lines there.
pub(crate) fn lines<S: Subscriber + for<'a> LookupSpan<'a>>(log: &Log) -> impl Layer<S> + use<S> {
    fmt::layer().with_ansi(false).with_writer(log.writer())
}

pub(crate) fn install() -> Installed {
    Publisher::connect("memory:").unwrap().install()
}

#[tokio::main(flavor = "current_thread")]
pub(crate) async fn block_on<T>(future: impl Future<Output = T>) -> T {
    future.await
}
