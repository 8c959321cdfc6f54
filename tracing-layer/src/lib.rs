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
//! A filter that is a layer of its own, as `registry().with(EnvFilter)`, holds for all layers: with
//! `RUST_LOG=warn` it needs `warn,stream_events=info`. One that belongs to another layer, as in
//! `fmt::layer().with_filter(..)`, does not matter here.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod alone;
mod context;
mod fields;
#[cfg(feature = "init")]
mod init;
mod layer;
mod phase;
mod span;
mod throttle;

use tracing::level_filters::LevelFilter;
use tracing::{Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::FilterFn;
use tracing_subscriber::registry::LookupSpan;

#[cfg(feature = "init")]
pub use init::init;
pub use span::ProgressSpan;
pub use throttle::DEFAULT_THROTTLE;

use stream_events::__private::{JOB_TARGET, PROGRESS_TARGET};

/// The layer that hands the progress of jobs to their streams.
///
/// It comes with its filter: nothing but the events and spans of `progress!` and `progress_span!`
/// reaches it, so that every other callsite stays as cheap as without it. It never waits and never
/// fails; progress outside of a job is left alone.
pub fn layer<S>() -> impl Layer<S>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    context::lead();
    let ours: fn(&Metadata<'_>) -> bool =
        |metadata| [PROGRESS_TARGET, JOB_TARGET].contains(&metadata.target());
    let filter = FilterFn::new(ours).with_max_level_hint(LevelFilter::INFO);
    layer::ProgressLayer::new(DEFAULT_THROTTLE).with_filter(filter)
}
