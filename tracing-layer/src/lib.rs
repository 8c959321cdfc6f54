//! The tracing [`Layer`] of `stream-events`: what `progress!` and `progress_span!` say in a job
//! reaches the job's stream through it.
//!
//! Once, in `main`, either all at once, from the environment:
//!
//! ```no_run
//! fn main() -> Result<(), stream_events::Error> {
//!     let _events = stream_events_tracing::init()?;
//!     // …
//!     Ok(())
//! }
//! ```
//!
//! or beside layers of your own:
//!
//! ```no_run
//! use tracing_subscriber::prelude::*;
//!
//! fn main() -> Result<(), stream_events::Error> {
//!     tracing_subscriber::registry().with(stream_events_tracing::layer()).init();
//!     let _installed = stream_events::Publisher::connect("redis://127.0.0.1/")?.install();
//!     // …
//!     Ok(())
//! }
//! ```
//!
//! # Whose progress it is
//!
//! That of the job in whose future or [`Job::in_scope`](stream_events::Job::in_scope) it is said; where
//! there is none, that of the nearest span around which is a job's. So work that a job has done
//! elsewhere is the job's where it takes one of the two along:
//!
//! ```
//! use stream_events::{Job, progress};
//! use tracing::{Instrument, Span};
//!
//! # async fn parts() {
//! tokio::spawn(async { progress!("in a task") }.in_current_span());
//!
//! let span = Span::current();
//! tokio::task::spawn_blocking(move || span.in_scope(|| progress!("in a pool")));
//!
//! // Needs no subscriber: for rayon, threads and what else has no spans.
//! if let Some(job) = Job::current() {
//!     std::thread::spawn(move || job.in_scope(|| progress!("in a thread")));
//! }
//! # }
//! ```
//!
//! What is said outside of any job, or in a span of one that is over, reaches no stream; it is counted in
//! [`Stats::outside_of_job`](stream_events::Stats), and warned of once. What is said after its end to a job
//! that has a handle still counts as [`after_end`](stream_events::Dropped). What is said in a run that could
//! not begin, as of an id that names no job, reaches none either, also not that of a job around it: the log
//! has an error of that run, and nothing is counted.
//!
//! # Filters
//!
//! A filter that is a layer of its own, as `registry().with(EnvFilter)`, holds for all layers: with
//! `RUST_LOG=warn` it needs `warn,stream_events=info`, or progress reaches no stream. So do the spans that
//! are asked for below, by their targets. What is hidden is logged once, as an error with what to add, when
//! a publisher is installed or, used by hand, begins its first run. A filter that belongs to another layer,
//! as in `fmt::layer().with_filter(..)`, does not matter here. Starts, ends and events of `publish!` do not
//! come through here, and are there whatever is filtered.
//!
//! # What else can be asked for
//!
//! Of a [`builder`]: [`logs`](Builder::logs) of jobs on their streams,
//! spans that are there anyway as [`steps`](Builder::steps) of jobs, and spans of frameworks that are
//! [jobs themselves](Builder::job_spans), so that an existing worker shows up with no annotation at all:
//!
//! ```no_run
//! use stream_events_tracing::JobSpans;
//!
//! fn main() -> Result<(), stream_events::Error> {
//!     let _events = stream_events_tracing::builder()
//!         .job_spans(JobSpans::graphile_worker())
//!         .steps(["my_worker"])
//!         .logs(tracing::Level::WARN)
//!         .init()?;
//!     // …
//!     Ok(())
//! }
//! ```
//!
//! With the feature `opentelemetry`, where a layer of tracing-opentelemetry 0.34 is in the same
//! subscriber, in whichever order, each event of a run has the `trace_id` and `span_id` under which its
//! span is exported, or where a filter keeps that one back, those of the nearest span around it. A layer
//! of another version of tracing-opentelemetry is not seen.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod adopt;
mod alone;
mod around;
mod builder;
mod context;
mod fields;
mod filter;
#[cfg(feature = "init")]
mod init;
mod layer;
mod logs;
mod marks;
mod options;
mod otel;
mod phase;
mod probe;
mod single;
mod span;
mod steps;
#[cfg(feature = "testing")]
#[cfg_attr(docsrs, doc(cfg(feature = "testing")))]
pub mod testing;
mod values;

use tracing::Subscriber;
use tracing_subscriber::Layer;
use tracing_subscriber::registry::LookupSpan;

pub use adopt::JobSpans;
pub use builder::{Builder, builder};
#[cfg(feature = "init")]
pub use init::init;
pub use phase::DEFAULT_THROTTLE;
pub use span::ProgressSpan;

/// The layer that hands the progress of jobs to their streams.
///
/// It comes with its filter: nothing but the events and spans of `progress!` and `progress_span!`
/// and the spans of runs reach it, so that every other callsite stays as cheap as without it. It never
/// waits and never fails. Lost is what is said outside of any job; and of a span, numbers that others
/// follow within 100 ms ([`DEFAULT_THROTTLE`]).
///
/// A text of the job's own that says where it stands while it is made, as a `Display` with a
/// `progress!` in it, is not heard while this layer makes it. A layer that is there twice does all once.
/// More can be had of a [`builder`].
pub fn layer<S>() -> impl Layer<S>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    builder().layer()
}
