//! What tests of annotated functions need: a publisher of the test's own, its events, and a way to say
//! which they have to be.
//!
//! ```
//! use stream_events::{assert_events, job_events, publish, testing};
//!
//! #[job_events(task_type = "import", fields(path), ret)]
//! async fn import(job_id: &str, path: &str) -> Result<usize, std::io::Error> {
//!     let rows = ["a", "b"];
//!     publish!("file_read", rows = rows.len());
//!     Ok(rows.len())
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), std::io::Error> {
//! // In a `#[tokio::test]`:
//! let recorded = testing::start();
//! import("job_1", "rows.csv").await?;
//! assert_events!(recorded.events("job_1").await, [
//!     "task_started" { path: "rows.csv" },
//!     "file_read" { rows: 2 },
//!     "task_completed" { result: 2 },
//! ]);
//! # Ok(())
//! # }
//! ```
//!
//! What `progress!` and `progress_span!` say is there too where `stream_events_tracing::testing::start()`
//! takes the place of [`start`].
//!
//! # Which test an event belongs to
//!
//! No test sees another's events, also where they run side by side. What runs is of a test, the first of
//! these that is so:
//!
//! - it is within a job of the test;
//! - it is on the thread that called [`start`], as sync tests are;
//! - it is in the runtime that called [`start`], or in which that thread has begun a job since, on any of its
//!   threads: spawned tasks of `#[tokio::test]` in either flavour, and `spawn_blocking`.
//!
//! What else runs, on a thread that the test starts itself say, is of the
//! [installed](crate::Publisher::install) publisher, if there is one: hand it the job, as
//! [`Job::in_scope`](crate::Job::in_scope) does. Tests that share one runtime share what is spawned on it.

mod bound;
mod difference;
pub(crate) mod expected;
mod line;

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use bound::Bound;
pub(crate) use bound::current;

use crate::store::memory_keys;
use crate::{DEFAULT_PREFIX, Error, Event, JobId, Publisher};

/// Gives the test a publisher of its own, to a store in memory that is its own too, until what is
/// returned is dropped. No server is needed, and nothing is installed.
///
/// # Panics
///
/// Where there is no thread to be had.
#[must_use = "dropping it at once leaves the test without a publisher; bind it to a name"]
pub fn start() -> Recorded {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let store = format!(
        "memory:stream_events::testing::{}",
        NEXT.fetch_add(1, Relaxed)
    );
    let publisher = or_panic(Publisher::connect(store.as_str()));
    let bound = Bound::to(&publisher);
    Recorded {
        publisher,
        store,
        _bound: bound,
    }
}

/// What a test's jobs say. Each test has one of its own; see [`start`].
///
/// Its methods panic where something is wrong, since that is the end of a test.
#[must_use = "dropping it at once leaves the test without a publisher; bind it to a name"]
pub struct Recorded {
    publisher: Publisher,
    store: String,
    _bound: Bound,
}

impl Recorded {
    /// The test's publisher, for code that is handed one.
    #[must_use]
    pub fn publisher(&self) -> &Publisher {
        &self.publisher
    }

    /// All that a job has said so far, in its order. A job that is still at work, in a spawned task say,
    /// may say more: await it first.
    ///
    /// # Panics
    ///
    /// Where the id breaks the rules of [`JobId`].
    pub async fn events(&self, job_id: impl TryInto<JobId, Error: Into<Error>>) -> Vec<Event> {
        let mut history = or_panic(self.publisher.reader().history(job_id));
        delivered(&self.publisher).await;
        let mut events = Vec::new();
        while let Some(event) = history.next().await {
            events.push(or_panic(event));
        }
        events
    }

    /// The same for a test that is not async.
    ///
    /// # Panics
    ///
    /// As there.
    #[track_caller]
    #[must_use]
    pub fn events_blocking(&self, job_id: impl TryInto<JobId, Error: Into<Error>>) -> Vec<Event> {
        let job_id: JobId = or_panic(job_id.try_into().map_err(Into::into));
        block_on(self.events(job_id))
    }

    /// The ids of all jobs that have said something, in the order in which they began: how a test finds
    /// a job that was given an id of its own.
    pub async fn jobs(&self) -> Vec<JobId> {
        delivered(&self.publisher).await;
        let mut begun = Vec::new();
        for key in memory_keys(&self.store) {
            let id = key
                .strip_prefix(DEFAULT_PREFIX)
                .and_then(|key| key.strip_prefix(':'));
            let Some(id) = id.and_then(|id| JobId::try_from(id).ok()) else {
                continue;
            };
            let first = or_panic(self.publisher.reader().history(&id)).next().await;
            if let Some(Ok(first)) = first {
                begun.push((first.timestamp(), id));
            }
        }
        begun.sort();
        begun.into_iter().map(|(_, id)| id).collect()
    }

    /// The same for a test that is not async.
    #[must_use]
    pub fn jobs_blocking(&self) -> Vec<JobId> {
        block_on(self.jobs())
    }
}

impl fmt::Debug for Recorded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut recorded = f.debug_struct("Recorded");
        recorded.field("publisher", &self.publisher).finish()
    }
}

async fn delivered(publisher: &Publisher) {
    let report = publisher.flush(PATIENCE).await;
    assert!(
        report.complete,
        "what was recorded is not there within {PATIENCE:?}: {report}"
    );
}

/// On a thread and a runtime of its own, so that it does not matter what the caller has.
fn block_on<T: Send>(future: impl Future<Output = T> + Send) -> T {
    let run = || {
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        let runtime = runtime.unwrap_or_else(|why| panic!("there is no runtime to be had: {why}"));
        runtime.block_on(future)
    };
    std::thread::scope(|scope| {
        let done = scope.spawn(run).join();
        done.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

#[track_caller]
fn or_panic<T>(result: Result<T, Error>) -> T {
    result.unwrap_or_else(|error| panic!("{error}"))
}

/// Memory takes events at once: this is for a machine with much else to do.
const PATIENCE: Duration = Duration::from_secs(60);
