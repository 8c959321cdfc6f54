//! For tests of annotated functions: a publisher of the test's own, and the layer, so that `progress!`
//! and `progress_span!` are recorded too.
//!
//! ```
//! use stream_events::{assert_events, job_events, progress};
//!
//! #[job_events(task_type = "import")]
//! async fn import(job_id: &str, rows: &[&str]) {
//!     progress!("reading {} rows", rows.len(), step = "read");
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! // In a `#[tokio::test]`:
//! let recorded = stream_events_tracing::testing::start();
//! import("job_1", &["a", "b"]).await;
//! assert_events!(recorded.events("job_1").await, [
//!     "task_started",
//!     "task_progress" { progress: "reading 2 rows", step: "read" },
//!     "task_completed",
//! ]);
//! # }
//! ```

use stream_events::testing::Recorded;
use tracing::{dispatcher, subscriber};
use tracing_subscriber::prelude::*;
use tracing_subscriber::registry;

use crate::layer::ProgressLayer;
use crate::single::Single;

/// As [`stream_events::testing::start`]; the first time in a process it also sets a subscriber with the
/// [`layer`](crate::layer), which all tests of the process share: what each records is its own.
///
/// # Panics
///
/// Where another subscriber is set that does not have the layer.
pub fn start() -> Recorded {
    // Where one is set already, it is looked at below.
    let _ = subscriber::set_global_default(registry().with(crate::layer()));
    let is_heard = dispatcher::get_default(|current| current.is::<Single<ProgressLayer>>());
    assert!(
        is_heard,
        "another subscriber is set, without `stream_events_tracing::layer()`: add the layer to it, or \
         take `stream_events::testing::start()`, which does not record progress"
    );
    stream_events::testing::start()
}
