//! The names that are taken, and how names are shown in an error.

use std::fmt::Display;

/// The keys that stream-events itself writes into an event's `data`.
pub(crate) const RESERVED: &[&str] = &[
    "event_type",
    "timestamp",
    "job_id",
    "task_type",
    "run",
    "seq",
    "attempt",
    "max_attempts",
    "parent_job_id",
    "worker",
    "trace_id",
    "span_id",
    "progress",
    "step",
    "current",
    "total",
    "percent",
    "eta_ms",
    "rate",
    "elapsed_ms",
    "phase",
    "parent_phase",
    "heartbeat",
    "coalesced",
    "result",
    "duration_ms",
    "error",
    "error_kind",
    "will_retry",
    "truncated",
    "original_size",
];

/// The reserved keys that say where a job stands: `progress!` and `progress_span!` are there to set them.
pub(crate) const STANDING: &[&str] = &["step", "current", "total", "percent"];

/// The event types that a job writes by itself.
pub(crate) const LIFECYCLE: &[&str] = &[
    "task_started",
    "task_progress",
    "task_completed",
    "task_failed",
    "task_resumed",
];

/// `` `a`, `b`, `c` ``
pub(crate) fn listed<T: Display>(names: impl IntoIterator<Item = T>) -> String {
    let quoted: Vec<_> = names.into_iter().map(|name| format!("`{name}`")).collect();
    quoted.join(", ")
}

/// `` , did you mean `task_type`? `` where one of the names is near, or nothing.
pub(crate) fn did_you_mean<'a>(typed: &str, names: impl IntoIterator<Item = &'a str>) -> String {
    let nearest = names
        .into_iter()
        .map(|name| (distance(typed, name), name))
        .min_by_key(|(distance, _)| *distance)
        .filter(|(distance, name)| *distance <= NEAR && *distance < name.len());
    nearest.map_or_else(String::new, |(_, name)| format!(", did you mean `{name}`?"))
}

/// Levenshtein's distance.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

/// Two typed letters off, or two swapped.
const NEAR: usize = 2;

#[cfg(test)]
mod tests {
    use super::{did_you_mean, distance, listed};

    #[test]
    fn distances() {
        assert_eq!(distance("task_type", "task_type"), 0);
        assert_eq!(distance("taks_type", "task_type"), 2);
        assert_eq!(distance("", "ret"), 3);
    }

    #[test]
    fn only_near_names_are_proposed() {
        let names = ["task_type", "ret", "err"];
        assert_eq!(
            did_you_mean("tasktype", names),
            ", did you mean `task_type`?"
        );
        assert_eq!(did_you_mean("retries", names), "");
        assert_eq!(did_you_mean("x", ["a"]), "");
    }

    #[test]
    fn names_are_listed_in_quotes() {
        assert_eq!(listed(["a", "b"]), "`a`, `b`");
    }
}
