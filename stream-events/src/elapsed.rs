//! That a job was not done in time, for its caller.

use std::error::Error;
use std::fmt;
use std::io;
use std::time::Duration;

/// Why a job with a `timeout` was ended: what its error is made `From`.
///
/// ```
/// use stream_events::{Elapsed, job_events};
///
/// #[derive(Debug)]
/// enum OutlineError {
///     Late(Elapsed),
/// }
///
/// impl From<Elapsed> for OutlineError {
///     fn from(elapsed: Elapsed) -> Self {
///         Self::Late(elapsed)
///     }
/// }
/// # impl std::fmt::Display for OutlineError {
/// #     fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
/// #         f.write_str("late")
/// #     }
/// # }
///
/// #[job_events(task_type = "outline_generation", timeout = "10m")]
/// async fn generate_outline(job_id: &str) -> Result<String, OutlineError> {
///     Ok(format!("outline of {job_id}"))
/// }
/// # drop(generate_outline("job_001"));
/// ```
///
/// Boxed errors and those of `anyhow` are made from any error, and [`io::Error`] from this one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Elapsed {
    after: Duration,
}

impl Elapsed {
    pub(crate) fn new(after: Duration) -> Self {
        Self { after }
    }

    /// How long the job was given.
    #[must_use]
    pub fn after(&self) -> Duration {
        self.after
    }
}

/// `not done within 1h30m`
impl fmt::Display for Elapsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not done within ")?;
        let seconds = self.after.as_secs();
        let parts = [
            (seconds / 3600, "h"),
            (seconds / 60 % 60, "m"),
            (seconds % 60, "s"),
            (u64::from(self.after.subsec_millis()), "ms"),
        ];
        let mut said = parts.iter().filter(|(number, _)| *number > 0).peekable();
        if said.peek().is_none() {
            return write!(f, "{:?}", self.after);
        }
        said.try_for_each(|(number, unit)| write!(f, "{number}{unit}"))
    }
}

impl Error for Elapsed {}

impl From<Elapsed> for io::Error {
    fn from(elapsed: Elapsed) -> Self {
        Self::new(io::ErrorKind::TimedOut, elapsed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_the_time_as_the_attribute_takes_it() {
        for (after, said) in [
            (Duration::from_secs(600), "10m"),
            (Duration::from_secs(5400), "1h30m"),
            (Duration::from_millis(90_500), "1m30s500ms"),
            (Duration::from_secs(100 * 3600), "100h"),
            (Duration::from_micros(20), "20µs"),
            (Duration::ZERO, "0ns"),
        ] {
            let elapsed = Elapsed::new(after);
            assert_eq!(elapsed.to_string(), format!("not done within {said}"));
        }
    }

    #[test]
    fn as_an_error_of_io_it_timed_out() {
        let error = io::Error::from(Elapsed::new(Duration::from_secs(1)));
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert_eq!(error.to_string(), "not done within 1s");
    }
}
