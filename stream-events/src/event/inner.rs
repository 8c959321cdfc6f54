//! What readers ask of an event's `data`.

use serde_json::value::RawValue;

use super::{EventType, decode, text};

/// Read from it at once, as far as it is there.
#[derive(Debug, Clone)]
pub(super) struct Inner {
    pub(super) event_type: EventType,
    pub(super) run: Option<String>,
    pub(super) seq: Option<u64>,
    pub(super) will_retry: bool,
    /// Whether its error is of that kind.
    pub(super) is_lost: bool,
}

impl Inner {
    pub(super) fn of(data: &str) -> Self {
        let keys = ["run", "seq", "will_retry", "error_kind", "event_type"];
        let [run, seq, will_retry, error_kind, event_type] = decode::members(data, keys);
        let text = |value: &RawValue| Some(text::exact(value.get())?.into_owned());
        let event_type = event_type.and_then(text);
        Self {
            event_type: event_type
                .as_deref()
                .map_or(EventType::UNKNOWN, EventType::from),
            run: run.and_then(text),
            seq: seq.and_then(|value| value.get().parse().ok()),
            will_retry: will_retry.is_some_and(|value| value.get() == "true"),
            is_lost: error_kind.is_some_and(|value| value.get() == "\"lost\""),
        }
    }
}
