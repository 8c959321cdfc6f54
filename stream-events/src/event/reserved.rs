//! The keys of `data` that are ours to write.

/// Keys of an event's `data` that stream-events writes itself. A user's field of such a name is a
/// compile error in the macros and gets a trailing `_` everywhere else.
pub const RESERVED_KEYS: &[&str] = &[
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

pub(super) fn is_reserved(key: &str) -> bool {
    RESERVED_KEYS.contains(&key)
}
