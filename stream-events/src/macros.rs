//! The macros that are used in a job. They hand the path of this crate on, so that a re-export of it works too.

/// Says where the current job stands.
///
/// A message, inline captures and all; `step`, `current`, `total` and `percent`, which readers know; and fields of the job's own, by value, by
/// `Display` (`%`) or by `Debug` (`?`). The message may come first or, as in `tracing`, last.
///
/// It is one `tracing` event, so that logs see it too. The job's stream gets it through the Layer of `stream-events-tracing`; outside of
/// a job, or without the Layer, nothing does.
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

/// Opens a phase of the current job: a `tracing::Span` that shows on the job's stream when it begins, moves on and ends.
///
/// The arguments are those of [`progress!`]. The phase moves on by `span.record("current", n)`, or by the extension trait of
/// `stream-events-tracing`, which costs less; rate and ETA are worked out where `total` is known.
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

/// Publishes a domain event of the current job: a type of your own, and fields by serde, by `Display` (`%`) or by `Debug` (`?`).
///
/// Outside of a job, or without a publisher, nothing happens, and the fields are not worked out. It never waits and never fails.
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
