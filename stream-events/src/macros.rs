//! The macros that are used in a job. They hand the path of this crate on, so that a re-export of
//! it works too.

/// Makes a function a job: each call is a run, whose start and end stand on the job's stream.
///
/// ```
/// use stream_events::{job_events, progress, publish};
///
/// #[job_events(task_type = "outline_generation", fields(task_prompt), ret)]
/// async fn generate_outline(job_id: &str, task_prompt: &str) -> Result<Vec<String>, std::io::Error> {
///     progress!("analysing the request", step = "analysis", percent = 10);
///     let outline: Vec<_> = task_prompt.lines().map(str::to_owned).collect();
///     publish!("outline_generated", outline = &outline);
///     Ok(outline)
/// }
/// ```
///
/// The signature, the errors and what the compiler says of the body stay as they are; the future is
/// `Send` where it was. With no publisher [installed](crate::Publisher::install) the function just
/// runs. So it does where its run cannot begin: the id breaks the rules of [`JobId`](crate::JobId), or
/// the queue is full. The first of such runs in a minute is logged, by a thread that is no job's. What is
/// said in it is left out then, also where another job is around it.
///
/// A run ends as `task_completed` where the function returns `Ok`, or anything that is no `Result`;
/// as `task_failed` with `error_kind` `error` where it returns `Err`, `panic` where it panics,
/// which goes on to the caller, `timeout` where it is not done in time, and `cancelled` where its
/// future is dropped.
///
/// # Arguments
///
/// Beside each is what comes nearest to it in `tracing`'s `#[instrument]` and in fastrace's `#[trace]`,
/// for those who know them.
///
/// | argument | what it does | `#[instrument]` | `#[trace]` |
/// |---|---|---|---|
/// | `task_type = "…"` | the kind of work, a literal or a constant; required | `name = "…"`, else the function's | `name = "…"`, `short_name` |
/// | `job_id = expr` | names the job, by `Display`; without it the argument `job_id` does | – | – |
/// | `job_id = new` | gives each call an id of its own, a UUID | – | – |
/// | `attempt = expr` | which try of the job this is, an integer counted from 1; in each event of the run | – | – |
/// | `max_attempts = expr` | how many tries there are; a run that fails before the last says `will_retry`, unless it was dropped | – | – |
/// | `parent = expr` | the job that this one is part of, or an `Option` of it; without it, the one in which it is called | `parent = expr`, `follows_from = expr` | – |
/// | `parent = none` | part of no other job, wherever it is called | `parent = None` | – |
/// | `fields(a, %b, ?c, k = expr)` | fields of `task_started`: by serde, by `Display` (`%`), by `Debug` (`?`) | `fields(..)`, where a name alone is empty | `properties = { "k": "{a}" }` |
/// | `ret` | records what `Ok` carries as `result`, by serde; it is `null` otherwise | `ret`, by `Debug` | – |
/// | `ret(max = "16 KiB")` | a head of it, as a string, where it has more bytes of JSON; 256 KiB at most | – | – |
/// | `err` | records the error by `Display`, which is so without it | `err` | – |
/// | `err(Debug)` | records it by `Debug` | `err(Debug)` | – |
/// | `err(chain)` | records it with its causes: `no outline: no answer: timed out`, 16 of them at most | – | – |
/// | `timeout = "10m"` | drops a job that waits still when this is over; its caller gets the job's error, made `From` [`Elapsed`](crate::Elapsed) | – | – |
/// | `timeout = expr` | the same, of a [`Duration`](std::time::Duration) | – | – |
/// | `heartbeat = "30s"` | while the run says nothing for so long, says again where it stands, with `heartbeat: true`; 100 ms at least | – | – |
/// | `heartbeat = expr` | the same, of a [`Duration`](std::time::Duration) | – | – |
/// | `crate = path` | where this crate is, for those who re-export it | – | `crate = path` |
/// | `skip(a)`, `skip_all` | nothing: no argument is recorded but those in `fields` | the same, where all are recorded | – |
/// | – | a run has no level, and its events no target of the user's | `level`, `target` | – |
/// | – | a run begins where its future is first polled, and is entered by each poll | so it is there | `enter_on_poll = true` |
///
/// Nothing is recorded but what is asked for, and the error's text.
///
/// Where attempts are left, `task_failed` says `will_retry: true` after an error, a panic, a timeout and
/// a shutdown of the publisher, and whoever watches the job waits for the next try. A run whose future was
/// dropped, as by a `select!` or an abort, says `false`: the application has given it up, and a watch
/// ends with it. Where it is tried again all the same, that is one more run of the job.
///
/// A `timeout` counts from where the job is first polled, with or without a publisher, in any runtime,
/// on a clock of its own, which tests that stop tokio's do not stop. A job that does not wait cannot
/// be ended: it is late once it waits again, and in time where it is done by then. All of a process's jobs
/// are woken from one thread: an executor that polled a job right where it is woken, as those of tokio and
/// others do not, would hold up the times of the rest. A `heartbeat` comes
/// from where the job is polled, so it is missing where the job holds up its thread, or is not polled
/// any more by whoever awaits it: a process whose lease is good may well have such jobs. In a full queue it
/// is dropped and counted, so that the run's first and newest progress have their room. Where no thread
/// can be had that would tell the time, which is logged, both come where the job is polled next.
///
/// # Shapes of functions
///
/// | function | the run begins | and ends |
/// |---|---|---|
/// | `async fn`, also of a trait | where its future is first polled | with the future |
/// | `fn` that returns `impl Future<Output = ..>` | where that is first polled | with the future |
/// | `fn` that returns `Pin<Box<dyn Future<Output = ..> + ..>>`, also by an alias such as `BoxFuture` | where that is first polled | with the future |
/// | `async fn` under `#[async_trait]`, of the impl or of the trait | as the one before, which it becomes | with the future |
/// | any other `fn` | with the call | with the call |
///
/// Whether a function returns a `Result`, a boxed future or something else is told by types, so that
/// aliases count as what they stand for. A future that is never polled leaves nothing.
///
/// ```
/// use std::future::Future;
/// use std::pin::Pin;
/// use stream_events::job_events;
///
/// #[job_events(task_type = "checksum", ret)]
/// fn checksum(job_id: &str, bytes: &[u8]) -> u64 {
///     bytes.iter().map(|byte| u64::from(*byte)).sum()
/// }
///
/// #[job_events(task_type = "import", fields(rows))]
/// fn import(job_id: u64, rows: usize) -> Pin<Box<dyn Future<Output = Result<usize, String>> + Send>> {
///     Box::pin(async move { Ok(rows) })
/// }
/// ```
///
/// Their limits:
///
/// - What a `fn` does before it returns its future is not part of the run; its fields are worked out
///   there.
/// - A `fn` that returns another type of future, such as `JoinHandle`, or a stream, is refused by the
///   compiler, also within a `Result`: its run would end before the work. What an `async fn` returns is
///   its result, whatever it is, and no look is taken into a tuple or an `Option`. A future by the name
///   of a trait of your own, as in `impl MyFuture`, is refused too: name `Future` itself.
/// - A boxed future may be `Send`, or `Send` and `Sync`, besides what it borrows; with other traits of
///   its own (`Unpin`, say) it is another type of future.
/// - A `const fn` is refused: the compiler may run it.
/// - A call cannot be cancelled, and one that blocks a runtime's thread does so with or without us.
/// - An argument that `cfg` takes away is no field; the one that names the job has to stay.
/// - `#[track_caller]` does not reach the body.
/// - `#[async_trait]` hides an argument that is a pattern: what is to name the job needs a plain name.
///   What the body does not use, it warns of, also where the attribute uses it.
/// - `#[instrument]` may stand above or below. So may `#[tokio::main]` and `#[tokio::test]`: above, the
///   runtime that they start is part of the run; below, the run is within it.
pub use stream_events_macros::job_events;

/// Says where the current job stands.
///
/// A message, inline captures and all; `step`, `current`, `total` and `percent`, which readers
/// know; and fields of the job's own, by value, by `Display` (`%`) or by `Debug` (`?`). The message
/// may come first or, as in `tracing`, last. `current` and `total` are whole numbers and `percent` is
/// any; a negative count and a percentage that is not finite are fields beside them, named `current_`
/// and so on.
///
/// Where nobody listens nothing is worked out, and it costs about a nanosecond.
///
/// It is one `tracing` event, so that logs see it too. The job's stream gets it through the Layer
/// of `stream-events-tracing`, also from tasks and threads that are in a span of the job's; without
/// the Layer nothing does. Outside of a job it has no effect there, but is counted in
/// [`Stats::outside_of_job`](crate::Stats), and warned of once.
///
/// ```
/// use stream_events::progress;
///
/// let (n, total, path) = (3, 10, "a.md");
/// progress!("parsed {n} of {total}", step = "parse", current = n, total = total, %path);
/// progress!(step = "parse", percent = 30, "parsed {n} of {total}");
/// ```
#[macro_export]
macro_rules! progress {
    ($($arguments:tt)*) => { $crate::__private::macros::progress!{ [$crate] $($arguments)* } };
}

/// Opens a phase of the current job: a `tracing::Span` that shows on the job's stream when it
/// begins, moves on and ends.
///
/// The arguments are those of [`progress!`]. The phase moves on by `span.record("current", n)`, or
/// by the extension trait of `stream-events-tracing`, which costs less; rate and ETA are worked out
/// where `total` is known. Where only its numbers change, it has an event at most every 100 ms. A log
/// shows it as a span, that is around the lines within, if at all.
///
/// Its events have a number within the run, `phase`; a phase that is opened while another is entered
/// is part of that one, names it in `parent_phase`, and has its step where it is given none.
///
/// ```
/// use stream_events::progress_span;
///
/// let pages = ["a", "b"];
/// let phase = progress_span!("rendering", total = pages.len());
/// for (n, page) in pages.iter().enumerate() {
///     phase.record("current", n + 1);
/// }
/// ```
#[macro_export]
macro_rules! progress_span {
    ($($arguments:tt)*) => { $crate::__private::macros::progress_span!{ [$crate] $($arguments)* } };
}

/// Publishes a domain event of the current job: a type of your own, and fields by serde, by
/// `Display` (`%`) or by `Debug` (`?`).
///
/// Outside of a job, or without a publisher, nothing happens, and the fields are not worked out; what
/// is outside of a job is counted in [`Stats::outside_of_job`](crate::Stats), and warned of once. It
/// never waits and never fails.
///
/// ```
/// use stream_events::publish;
///
/// let outline = vec!["Introduction", "Method"];
/// publish!("outline_generated", outline = &outline, pages = 2);
/// ```
#[macro_export]
macro_rules! publish {
    ($($arguments:tt)*) => { $crate::__private::macros::publish!{ [$crate] $($arguments)* } };
}
